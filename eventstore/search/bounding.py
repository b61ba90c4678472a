"""Statements over the log that end in time and go along an index."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connections, transaction

TIMEOUT_MS = 2000
# A bitmap is made of all that an index has of a key, before the first row is given.
SETTINGS = {"enable_seqscan": "off", "enable_bitmapscan": "off"}

SET = """
SELECT set_config(name, value, true)
FROM unnest(%s::text[], %s::text[]) AS wanted(name, value)
"""


@contextmanager
def cursor(*, timeout_ms: int = TIMEOUT_MS, using: str = "default") -> Iterator[Any]:
    """In a transaction; each statement that runs longer raises OperationalError."""
    wanted = {**SETTINGS, "statement_timeout": str(timeout_ms)}
    with transaction.atomic(using=using), connections[using].cursor() as opened:
        opened.execute(
            "SELECT name, current_setting(name) FROM unnest(%s::text[]) AS name",
            [list(wanted)],
        )
        before = dict(opened.fetchall())
        _set(opened, wanted)
        yield opened
        # In a transaction of the caller's they would outlive this block.
        _set(opened, before)


def _set(opened: Any, values: dict[str, str]) -> None:
    opened.execute(SET, [list(values), list(values.values())])
