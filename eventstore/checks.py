"""System checks: the database really keeps the promises of the log.

Run by `manage.py check --database default` and by migrate.
"""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections

TRIGGERS = """
SELECT tgname, pg_get_triggerdef(oid, true)
FROM pg_trigger
WHERE tgrelid = %s::regclass
  AND tgenabled = 'A'  -- ENABLE ALWAYS: also under session_replication_role = replica
"""
TRIGGER = "CREATE TRIGGER {} BEFORE {} ON {} FOR EACH STATEMENT EXECUTE FUNCTION {}()"
EXPECTED_TRIGGERS = {
    name: TRIGGER.format(name, events, "eventstore_event", function)
    for name, events, function in (
        ("eventstore_event_floor", "INSERT", "eventstore_floor"),
        ("eventstore_event_no_change", "DELETE OR UPDATE", "eventstore_refuse_change"),
        ("eventstore_event_no_truncate", "TRUNCATE", "eventstore_refuse_change"),
    )
}
EXPECTED_TRIGGERS["eventstore_event_position"] = (
    "CREATE TRIGGER eventstore_event_position BEFORE INSERT ON eventstore_event "
    'FOR EACH ROW WHEN (new."position" <= COALESCE(NULLIF(current_setting('
    "'cqrs.append_floor'::text, true), ''::text)::bigint, 0::bigint)) "
    "EXECUTE FUNCTION eventstore_refuse_position()"
)
EXPECTED_SEAL_TRIGGERS = {
    name: TRIGGER.format(
        name, events, "eventstore_seal", "eventstore_refuse_seal_change"
    )
    for name, events in (
        ("eventstore_seal_no_change", "DELETE OR UPDATE"),
        ("eventstore_seal_no_truncate", "TRUNCATE"),
    )
}

FUNCTIONS = """
SELECT proname, md5(prosrc)
FROM pg_proc
WHERE pronamespace = 'public'::regnamespace AND proname = ANY(%s)
"""
# Of the bodies in the newest migration that makes each.
EXPECTED_FUNCTIONS = {
    "eventstore_floor": "d6f21f9ffd4fb3292b14cc6f0f47d4ff",
    "eventstore_refuse_change": "6fd41ae12446e93fc45c4a4155f17d83",
    "eventstore_refuse_position": "1e03138077e9a967f9064bfd83aa30a2",
    "eventstore_settled": "9efd9449ac563e7fbf508b0f6f627e27",
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
    for name in [
        *_differing(cursor, TRIGGERS, EXPECTED_TRIGGERS, ["eventstore_event"]),
        *_of_seals(cursor),
    ]:
        found.append(
            Error(
                f"The trigger {name} is missing, another or not ENABLE ALWAYS.",
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
    for name in _differing(
        cursor, FUNCTIONS, EXPECTED_FUNCTIONS, [list(EXPECTED_FUNCTIONS)]
    ):
        found.append(
            Error(
                f"The function {name} is missing or not that of the migrations.",
                id="eventstore.E007",
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


_REPAIR = "See eventstore/migrations for how it is made."


def _of_seals(cursor: Any) -> list[str]:
    cursor.execute("SELECT to_regclass('eventstore_seal') IS NOT NULL")
    if not cursor.fetchone()[0]:
        return []  # the migration that makes it comes yet
    return _differing(cursor, TRIGGERS, EXPECTED_SEAL_TRIGGERS, ["eventstore_seal"])


def _names(cursor: Any, sql: str) -> set[str]:
    cursor.execute(sql)
    return {name for (name,) in cursor.fetchall()}


def _differing(
    cursor: Any, sql: str, expected: dict[str, str], parameters: list[Any] | None = None
) -> list[str]:
    """The expected names that the database has not, or has with another definition."""
    cursor.execute(sql, parameters)
    found = dict(cursor.fetchall())
    return sorted(name for name in expected if found.get(name) != expected[name])
