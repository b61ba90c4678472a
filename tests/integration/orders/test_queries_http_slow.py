"""A query that takes too long: told so, and nothing else is affected by the bound."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connections

from cqrs_site import configuration
from tests import cleaning
from tests.integration.eventstore import sessions
from tests.integration.orders.reading import ORDERS, Reader, project
from tests.integration.orders.shop import Shop, assert_problem

QUERIES = "/api/v1/queries"
LIMIT_MS = 150
LOCK = "LOCK TABLE {} IN ACCESS EXCLUSIVE MODE"


@pytest.fixture(autouse=True)
def short(database: None, settings: Any) -> None:
    settings.CQRS = configuration.load(
        str(settings.BASE_DIR / "cqrs.yaml"),
        environ={
            "CQRS__QUERY_SIDE__STATEMENT_TIMEOUT_MS": str(LIMIT_MS),
            # A copy would answer for an order whose table is locked.
            "CQRS__QUERY_SIDE__CACHING__ENABLED": "false",
        },
    )


@pytest.fixture
def locked(database: None) -> Iterator[Any]:
    """Locks a table, so that whoever reads it waits until the test is over."""
    with sessions.opened() as open_session:
        session = open_session(cleaning.read_tables())
        yield lambda table: session.execute(LOCK.format(table))


@pytest.mark.parametrize(
    ("path", "table"),
    [
        ("orders", "orders_order_summary"),
        ("orders?format=csv", "orders_order_summary"),
        ("orders?q=tea", "orders_order_search"),
        ("orders?sku=TEA", "orders_order_summary"),
        ("orders/{}", "orders_order_detail"),
        ("customers/customer-1", "orders_customer_sums"),
        ("products", "orders_product_sales"),
        ("products/TEA", "orders_product_name"),
        ("products/TEA/bought-with", "orders_bought_name"),
        ("sales/daily", "orders_sales_daily"),
        ("sales/funnel", "orders_order_milestones"),
    ],
)
def test_it_says_that_a_query_took_too_long(
    shop: Shop, reader: Reader, locked: Any, path: str, table: str
) -> None:
    order_id = shop.place()
    project()
    url = f"{QUERIES}/{path.format(order_id)}"
    assert reader.get(url).status_code == 200
    locked(table)
    answer = reader.get(url)
    problem = assert_problem(answer, 503, "query-too-slow")
    assert f"{LIMIT_MS} ms" in problem["detail"]
    assert int(answer["Retry-After"]) >= 1


def test_it_bounds_no_other_statement_of_the_connection(
    shop: Shop, reader: Reader
) -> None:
    order_id = shop.place()
    project()
    assert reader.order(order_id).status_code == 200
    assert reader.get(ORDERS, {"sku": "TEA"}).status_code == 200
    for alias in ("default", "read"):
        with connections[alias].cursor() as cursor:
            cursor.execute("SHOW statement_timeout")
            assert cursor.fetchone() == ("0",)
            cursor.execute(f"SELECT 1 FROM pg_sleep({3 * LIMIT_MS / 1000})")


def test_it_bounds_each_statement_of_an_export_and_not_all_of_it(
    shop: Shop, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    from api import csv_answers, cursors

    monkeypatch.setattr(cursors, "WALKED_AT_ONCE", 1)
    monkeypatch.setattr(csv_answers, "ROWS_AT_ONCE", 1)
    for _ in range(4):
        shop.place()
    project()
    slow = "SELECT 1 FROM pg_sleep(0.1); "

    def slower(execute: Any, sql: str, *rest: Any) -> Any:
        if "orders_order_summary" in sql:
            with connections["read"].cursor() as cursor:
                cursor.execute(slow)
        return execute(sql, *rest)

    with connections["read"].execute_wrapper(slower):
        answer = reader.get(ORDERS, {"format": "csv"})
        lines = b"".join(answer.streaming_content).splitlines()
    assert len(lines) == 1 + 4
