"""The arrangement that CQRS_TEST_TWO_SERVERS=1 asks for: all of this folder runs in it.

What would need one database (a join, a transaction over both) fails there by itself.
"""

import pytest
from django.conf import settings
from django.db import connections

pytestmark = [
    pytest.mark.usefixtures("database"),
    pytest.mark.skipif(
        not settings.READ_DATABASE_IS_SEPARATE, reason="one server for both"
    ),
]

TABLES = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname = ANY(%s)"
LOG = {"eventstore_event", "eventstore_key", "eventstore_log", "eventstore_snapshot"}
READ = {"projections_checkpoint", "projections_deadletter", "orders_order_summary"}


def tables(alias: str) -> set[str]:
    with connections[alias].cursor() as cursor:
        cursor.execute(TABLES, [[*LOG, *READ]])
        return {name for (name,) in cursor.fetchall()}


def server(alias: str) -> tuple[str, str]:
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT inet_server_port()::text, pg_postmaster_start_time()")
        return cursor.fetchone()


def test_it_has_the_log_on_one_server_and_what_is_read_on_another():
    assert tables("default") == LOG
    assert tables("read") == READ
    assert server("default") != server("read")
