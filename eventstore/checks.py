"""System checks: the database really keeps the promises of the log.

Run by `manage.py check --database default` and by migrate.
"""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections

TRIGGERS = """
SELECT tgname
FROM pg_trigger
WHERE tgrelid = 'eventstore_event'::regclass
  AND tgenabled = 'A'  -- ENABLE ALWAYS: also under session_replication_role = replica
"""
EXPECTED_TRIGGERS = {
    "eventstore_event_floor",
    "eventstore_event_no_change",
    "eventstore_event_no_truncate",
}

CONSTRAINTS = """
SELECT conname
FROM pg_constraint
WHERE conrelid = 'eventstore_event'::regclass AND convalidated
"""
EXPECTED_CONSTRAINTS = {
    "eventstore_event_pkey",
    "eventstore_event_event_id_key",
    "eventstore_event_stream_version_key",
    "eventstore_event_version_positive",
}

SEQUENCE = """
SELECT cache_size, cycle, max_value
FROM pg_sequences
WHERE schemaname = 'public' AND sequencename = 'eventstore_event_position_seq'
"""
EXPECTED_SEQUENCE = (1, False, 281474976710655)

SETTINGS = """
SELECT current_setting('server_version_num')::int,
       current_setting('synchronous_commit'),
       current_setting('default_transaction_isolation')
"""
OLDEST_SERVER = 150000  # PostgreSQL 15


@register(Tags.database)
def check_log(
    *, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """The findings about the log's database; none before it is migrated."""
    if "default" not in (databases or ()):
        return []
    with connections["default"].cursor() as cursor:
        return [*_server(cursor), *_table(cursor)]


def _server(cursor: Any) -> list[CheckMessage]:
    cursor.execute(SETTINGS)
    version, synchronous_commit, isolation = cursor.fetchone()
    found: list[CheckMessage] = []
    if version < OLDEST_SERVER:
        found.append(
            Error(
                f"PostgreSQL {version // 10000} is too old.",
                id="eventstore.E001",
                hint="PostgreSQL 15 or newer is needed.",
            )
        )
    if synchronous_commit == "off":
        found.append(
            Error(
                "synchronous_commit is off: an acknowledged event could be lost.",
                id="eventstore.E002",
                hint="Set it to on for this database or role.",
            )
        )
    if isolation != "read committed":
        found.append(
            Error(
                f"default_transaction_isolation is {isolation!r}.",
                id="eventstore.E003",
                hint="The log needs 'read committed'.",
            )
        )
    return found


def _table(cursor: Any) -> list[CheckMessage]:
    cursor.execute("SELECT to_regclass('eventstore_event') IS NOT NULL")
    if not cursor.fetchone()[0]:
        return []  # not migrated yet: nothing can be appended either
    found: list[CheckMessage] = []
    for missing in sorted(EXPECTED_TRIGGERS - _names(cursor, TRIGGERS)):
        found.append(
            Error(
                f"The trigger {missing} is missing or not ENABLE ALWAYS.",
                id="eventstore.E004",
                hint=_REPAIR,
            )
        )
    for missing in sorted(EXPECTED_CONSTRAINTS - _names(cursor, CONSTRAINTS)):
        found.append(
            Error(
                f"The constraint {missing} is missing or not valid.",
                id="eventstore.E005",
                hint=_REPAIR,
            )
        )
    cursor.execute(SEQUENCE)
    if (sequence := cursor.fetchone()) != EXPECTED_SEQUENCE:
        found.append(
            Error(
                f"The sequence of positions has (cache, cycle, maximum) {sequence}.",
                id="eventstore.E006",
                hint=f"Expected {EXPECTED_SEQUENCE}.",
            )
        )
    return found


_REPAIR = "See eventstore/migrations/0001_event_log.py for how it is made."


def _names(cursor: Any, sql: str) -> set[str]:
    cursor.execute(sql)
    return {name for (name,) in cursor.fetchall()}
