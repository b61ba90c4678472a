"""Orders by commands, and events that no code of today stores."""

import json
from typing import Any
from uuid import uuid4

from django.db import connection

from eventstore import commands
from eventstore.commands import Context
from orders.domain.commands import AddNote
from orders.streams import ORDER
from projections import runner
from tests.integration.eventstore.notes import AT
from tests.unit.orders.builders import place

INSERT = """
INSERT INTO eventstore_event
    (stream, version, event_id, type, schema_version, occurred_at, data, metadata)
VALUES (%s, %s, %s, %s, %s, %s, %s, '{"actor": "former"}')
RETURNING position
"""


def order(*notes: str, **context: str) -> str:
    """The stream of an order with a reference and notes, of a command each."""
    id = uuid4()
    asked = Context(**{"actor": "ann", **context})
    commands.handle(ORDER, id, place(external_reference="R-77"), at=AT, context=asked)
    for text in notes:
        commands.handle(ORDER, id, AddNote(text=text), at=AT, context=asked)
    return f"order-{id}"


def project() -> None:
    """Until every projection has all there is."""
    while runner.run_round(worker="tests").advanced:
        pass


def former(
    stream: str, type: str, data: dict[str, Any], *, version: int = 1, schema: int = 1
) -> int:
    """Stores an event as former code, or foreign code, did; its position."""
    values = [stream, version, uuid4(), type, schema, AT, json.dumps(data)]
    with connection.cursor() as cursor:
        cursor.execute(INSERT, values)
        position: int = cursor.fetchone()[0]
    return position
