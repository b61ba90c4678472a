"""Rebuilds of a real history from some times on: they mend what events since then
touch, and give what a full rebuild gives.
"""

from datetime import UTC, datetime
from typing import Any

from django.db import connections

from projections import registry
from tests.integration.projections import rebuilds

# Days with returns of earlier orders, the middle of a day, all of it.
TIMES = [
    datetime(2011, 12, 5, tzinfo=UTC),
    datetime(2011, 6, 15, 10, 30, tzinfo=UTC),
    datetime(2010, 1, 1, tzinfo=UTC),
]
# Makes rows wrong that events since a time touch.
DAMAGE = {
    "order_summary": """
        UPDATE orders_order_summary
        SET total = total + 1, units = 0
        WHERE updated_at >= %s
    """,
    "sales_daily": """
        UPDATE orders_sales_daily
        SET placed = placed + 1, orders = 0
        WHERE date >= (%s AT TIME ZONE 'UTC')::date
    """,
}


def check(name: str) -> list[int]:
    """Damages and rebuilds for each time; how many rows were wrong each time."""
    rebuilds.rebuild(name)
    full = contents(name)
    damaged = []
    for at in TIMES:
        with connections["read"].cursor() as cursor:
            cursor.execute(DAMAGE[name], [at])
            damaged.append(cursor.rowcount)
        assert contents(name) != full
        rebuilds.until(
            rebuilds.begin(name, from_timestamp=at), rebuilds.State.FINISHED, steps=2000
        )
        assert contents(name) == full, f"{name} from {at}"
    return damaged


def contents(name: str) -> dict[str, Any]:
    """Number and hash of all rows of each of the projection's tables."""
    found = {}
    with connections["read"].cursor() as cursor:
        for table in registry.get(name).tables:
            cursor.execute(
                "SELECT count(*), md5(string_agg(t::text, E'\\n' ORDER BY t::text)) "
                f'FROM "{table.name}" t'
            )
            found[table.name] = cursor.fetchone()
    return found
