"""Empties the test databases between tests that commit.

The event table refuses TRUNCATE by a trigger, so Django's flush cannot be used.
Triggers come back exactly as the migrations made them, whatever a test did to them.
"""

from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

import redis
from django.conf import settings
from django.db import connections, transaction

from eventstore.telemetry import sending
from tests import servers

# Django's own records of what exists.
KEPT = {"django_migrations", "django_content_type", "auth_permission"}
COPIES = "tests_pristine"
ENABLE = {"O": "ENABLE", "A": "ENABLE ALWAYS", "R": "ENABLE REPLICA", "D": "DISABLE"}

TABLES = """
SELECT c.relname
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition
ORDER BY 1
"""
LEFT = """
SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = to_regnamespace(%s)
"""
DRAWN = """
SELECT t.relname
FROM pg_class s
JOIN pg_depend d
    ON d.objid = s.oid AND d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
JOIN pg_class t ON t.oid = d.refobjid
WHERE CASE WHEN s.relkind = 'S' THEN pg_sequence_last_value(s.oid) IS NOT NULL END
"""
TRIGGERS = """
SELECT c.relname, t.tgname, t.tgenabled
FROM pg_trigger t
JOIN pg_class c ON c.oid = t.tgrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND NOT t.tgisinternal AND NOT c.relispartition
ORDER BY 1, 2
"""


@dataclass(frozen=True, kw_only=True)
class Pristine:
    """By alias: triggers (table, name, state); tables in which migrations put rows."""

    triggers: dict[str, list[tuple[str, str, str]]]
    filled: dict[str, list[str]]


def aliases() -> list[str]:
    return ["default", "read"] if settings.READ_DATABASE_IS_SEPARATE else ["default"]


def remember() -> Pristine:
    triggers, filled = {}, {}
    for alias in aliases():
        name = connections[alias].settings_dict["NAME"]
        assert name.startswith("test_"), f"{name} is no test database"
        with connections[alias].cursor() as cursor:
            cursor.execute(TRIGGERS)
            triggers[alias] = cursor.fetchall()
            filled[alias] = [table for table in _tables(cursor) if _rows(cursor, table)]
            cursor.execute(f"CREATE SCHEMA {COPIES}")
            for table in filled[alias]:
                cursor.execute(f'CREATE TABLE {COPIES}."{table}" AS TABLE "{table}"')
    return Pristine(triggers=triggers, filled=filled)


def clean(pristine: Pristine) -> None:
    for alias in aliases():
        with transaction.atomic(alias), connections[alias].cursor() as cursor:
            # A test that left a transaction open shows here instead of hanging.
            cursor.execute("SET LOCAL lock_timeout = '10s'")
            _empty(cursor, pristine.triggers[alias], pristine.filled[alias])
    empty_redis()


def empty_redis() -> None:
    # Nothing that this process gathered before may be sent afterwards.
    sending.forget()
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.flushdb()


def _empty(cursor, triggers, filled) -> None:
    for schema in ("projections_shadow", "projections_kept"):
        # What a rebuild that a test broke off has left.
        cursor.execute(LEFT, [schema])
        for (table,) in cursor.fetchall():
            cursor.execute(f'DROP TABLE {schema}."{table}"')
    tables = _tables(cursor)
    guarded = sorted({table for table, _, _ in triggers})
    for table in guarded:
        cursor.execute(f'ALTER TABLE "{table}" DISABLE TRIGGER USER')
    used = _used(cursor, [table for table in tables if table not in filled])
    if used:
        named = ", ".join(f'"{table}"' for table in used)
        cursor.execute(f"TRUNCATE {named} RESTART IDENTITY CASCADE")
    for table in filled:
        cursor.execute(f'DELETE FROM "{table}"')
        # Their identities go on, as the rows that come back have numbers already.
        cursor.execute(
            f'INSERT INTO "{table}" OVERRIDING SYSTEM VALUE '
            f'SELECT * FROM {COPIES}."{table}"'
        )
    for table, name, state in triggers:
        cursor.execute(f'ALTER TABLE "{table}" {ENABLE[state]} TRIGGER "{name}"')


def _used(cursor, tables: list[str]) -> list[str]:
    """Those with rows, or with a sequence that was drawn from.

    To truncate a table takes its time, and most tests use a few.
    """
    cursor.execute(DRAWN)
    drawn = {table for (table,) in cursor.fetchall()}
    parts = [
        f"SELECT '{name}' WHERE EXISTS (SELECT FROM \"{name}\")" for name in tables
    ]
    cursor.execute(" UNION ALL ".join(parts))
    drawn |= {table for (table,) in cursor.fetchall()}
    return [table for table in tables if table in drawn]


def _tables(cursor) -> list[str]:
    cursor.execute(TABLES)
    return [table for (table,) in cursor.fetchall() if table not in KEPT]


def _rows(cursor, table: str) -> bool:
    cursor.execute(f'SELECT EXISTS (SELECT FROM "{table}")')
    return cursor.fetchone()[0]


def close_connections() -> None:
    for connection in connections.all(initialized_only=True):
        connection.close()


def on_test_database(url: str | None = None) -> str:
    """`url`, else that of the log, with the name of the test database."""
    name = settings.DATABASES["default"]["NAME"]
    return urlunsplit(
        urlsplit(url or servers.SERVERS.database_url)._replace(path=f"/{name}")
    )


def read_tables() -> str:
    """The URL of the test database that has read tables and checkpoints."""
    name = settings.DATABASES["read"]["NAME"]
    url = servers.SERVERS.read_database_url or servers.SERVERS.database_url
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
