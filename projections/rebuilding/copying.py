"""The live rows as the first content of shadow tables, all of one position."""

import json
from datetime import datetime
from typing import Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from eventstore import store, touched
from projections import errors, operations, tables
from projections.models import Checkpoint, DeadLetter, Operation
from projections.projection import Projection, Table
from projections.rebuilding import snapshots
from projections.rebuilding.snapshots import Snapshot

USING = "read"

COPY = "INSERT INTO {target} ({columns}) SELECT {columns} FROM {source}"
# Live rows of a shared table wait beside the shadow one: those that nothing was added
# to meanwhile come in at the end, as they were.
BESIDE = "CREATE TABLE {beside} AS TABLE {live}"
COMPLETE = """
INSERT INTO {target} ({columns})
SELECT {columns}
FROM {beside}
ON CONFLICT ({keys}) DO NOTHING
"""
STANDS = """
UPDATE projections_checkpoint
SET position = %s, event_id = %s, epoch = %s, advanced_at = clock_timestamp()
WHERE projection = %s AND role = 'shadow'
"""
# Streams that are held stay held, with what they lack.
HELD = """
INSERT INTO projections_deadletter ({columns}, generation)
SELECT {columns}, %s
FROM projections_deadletter
WHERE projection = %s AND generation = %s
"""
COPIED = """
UPDATE projections_operation
SET progress = %s, total = %s, changed_at = %s
WHERE id = %s AND finished_at IS NULL
"""


def copy(operation: Operation, projection: Projection) -> bool:
    """Copies rows, held streams and the position, in one transaction."""
    # Before the copy, whose session may not be idle meanwhile: it is for the progress.
    streams = touched.streams_since(
        since(operation), stream_type=projection.stream_type.name, up_to=store.head()
    )
    try:
        with snapshots.level(projection, Checkpoint.Role.LIVE) as snapshot:
            if not operations.try_lock(operation, connection=snapshot.connection):
                return False  # another worker copies
            operation.refresh_from_db()
            if operation.finished_at or "position" in operation.progress:
                return False  # cancelled, or copied, since we read of it
            _copy_rows(projection, snapshot.connection)
            _copy_held(operation, snapshot)
            _stand(operation, snapshot, streams=len(streams))
    except errors.NeverLevel as error:
        operations.note(operation, note=f"{error}; looks again")
    return True


def complete_shared(projection: Projection) -> None:
    """Brings in the shared rows that nothing touched; in the caller's transaction."""
    with connections[USING].cursor() as cursor:
        for table in projection.shared_tables:
            cursor.execute(COMPLETE.format(**_parts(table)))
            cursor.execute(f"DROP TABLE {_parts(table)['beside']}")


def _copy_rows(projection: Projection, connection: BaseDatabaseWrapper) -> None:
    with connection.cursor() as cursor:
        for table in projection.tables:
            parts = _parts(table)
            cursor.execute((BESIDE if table.shared else COPY).format(**parts))


def _copy_held(operation: Operation, snapshot: Snapshot) -> None:
    columns = ", ".join(
        str(each.column)
        for each in DeadLetter._meta.concrete_fields
        if each.column not in {"id", "generation"}
    )
    with snapshot.connection.cursor() as cursor:
        cursor.execute(
            HELD.format(columns=columns),
            [operation.generation, operation.projection, snapshot.generation],
        )


def _stand(operation: Operation, snapshot: Snapshot, *, streams: int) -> None:
    progress = {"position": snapshot.position, "streams": streams}
    with snapshot.connection.cursor() as cursor:
        cursor.execute(
            STANDS,
            [
                snapshot.position,
                snapshot.event_id,
                snapshot.epoch,
                operation.projection,
            ],
        )
        cursor.execute(
            COPIED,
            [json.dumps(progress), snapshot.position, timezone.now(), operation.pk],
        )


def since(operation: Operation) -> datetime:
    """Since when events are folded anew."""
    found = parse_datetime(operation.parameters["since"])
    if found is None:
        raise AssertionError(operation.parameters)
    return found


def _parts(table: Table[Any]) -> dict[str, str]:
    quote = connections[USING].ops.quote_name
    fields = table.model._meta.concrete_fields
    return {
        "live": tables.qualified(table.name),
        "source": tables.qualified(table.name),
        "target": tables.qualified(table.name, tables.SHADOW),
        "beside": tables.qualified(tables.beside(table.name), tables.SHADOW),
        "columns": ", ".join(str(quote(each.column)) for each in fields),
        "keys": ", ".join(str(quote(each.column)) for each in table.key_fields),
    }
