"""All that is stored anywhere, as texts: every table, every key of Redis."""

from collections.abc import Iterator

import psycopg
import redis
from django.conf import settings

from tests import cleaning

TABLES = """
SELECT n.nspname, c.relname
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname !~ '^(pg_|information_schema|tests_)'
ORDER BY 1, 2
"""


def texts() -> Iterator[tuple[str, str]]:
    """(where, text) of everything in both databases and in Redis."""
    for url in {cleaning.on_test_database(), cleaning.read_tables()}:
        with psycopg.connect(url) as session:
            for schema, table in session.execute(TABLES).fetchall():
                rows = session.execute(f'SELECT t::text FROM {schema}."{table}" t')
                yield from ((f"{schema}.{table}", row) for (row,) in rows)
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        for key in client.scan_iter():
            yield f"Redis {key!r}", f"{key!r} {_value(client, key)}"


def with_any(*wanted: str) -> set[str]:
    """Where one of the texts stands, in any case; bytes as PostgreSQL shows them."""
    spelt = [each.casefold() for each in wanted]
    spelt += [each.encode().hex() for each in wanted]
    return {
        where
        for where, text in texts()
        if any(each in text.casefold() for each in spelt)
    }


def _value(client: redis.Redis, key: bytes) -> str:
    match client.type(key):
        case b"string":
            return repr(client.get(key))
        case b"hash":
            return repr(client.hgetall(key))
        case b"list":
            return repr(client.lrange(key, 0, -1))
        case b"set":
            return repr(client.smembers(key))
        case b"zset":
            return repr(client.zrange(key, 0, -1))
        case kind:
            raise AssertionError(f"no search in a {kind!r} yet")
