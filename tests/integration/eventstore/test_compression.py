"""Large events are compressed, with lz4 where the server has it."""

import importlib

import pytest
from django.db import connection

from tests.integration.orders.shop import LINE, Shop

MIGRATION = importlib.import_module("eventstore.migrations.0006_compression")
METHODS = "SELECT enumvals FROM pg_settings WHERE name = 'default_toast_compression'"
COLUMNS = """
SELECT attname, attcompression
FROM pg_attribute
WHERE attrelid = 'eventstore_event'::regclass AND attname IN ('data', 'metadata')
"""
STORED = (
    "SELECT pg_column_compression(data), pg_column_size(data) FROM eventstore_event"
)

pytestmark = pytest.mark.usefixtures("database")


def rows(sql: str) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def has_lz4() -> bool:
    ((methods,),) = rows(METHODS)
    return "lz4" in methods


def test_it_uses_the_best_method_that_the_server_has():
    method = "l" if has_lz4() else ""
    assert dict(rows(COLUMNS)) == {"data": method, "metadata": method}


def test_it_compresses_an_event_of_more_than_2_kb():
    Shop().place(lines=[LINE] * 200)
    ((method, size),) = rows(STORED)
    assert method == ("lz4" if has_lz4() else "pglz")
    assert size < 2_000


def test_it_only_says_so_where_the_server_has_no_lz4(caplog):
    if has_lz4():
        pytest.skip("this server has lz4")
    with connection.schema_editor() as editor:
        MIGRATION.compress(None, editor)
        assert rows("SELECT 1") == [(1,)]
    assert "built without lz4" in caplog.text
