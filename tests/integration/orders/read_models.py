"""Every read model beside what it has to say, computed from raw events without it."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from orders import customer_queries, product_queries
from tests import cleaning
from tests.faults import independent_fold
from tests.integration.eventstore import sessions
from tests.integration.orders import (
    independent_funnel,
    independent_sales,
    independent_search,
    independent_sums,
    independent_timeline,
)
from tests.integration.projections.sales import AT

AMOUNTS = ("revenue", "refunded", "placed", "captured", "lifetime_value")
# A projection's name, by key what its model says, and what that has to say.
Model = tuple[str, dict[Any, Any], dict[Any, Any]]


def wrong(*names: str) -> dict[str, list[Any]]:
    """Projection -> keys for which its model is wrong; {} if all are right.

    names: those that are looked at; all without any.
    """
    found = {}
    for name, actual, expected in _models():
        if names and name not in names:
            continue
        assert expected, f"{name} has nothing to say: that proves nothing"
        keys = [
            key
            for key in {**actual, **expected}
            if actual.get(key) != expected.get(key)
        ]
        if keys:
            found[name] = keys
    return found


def _models() -> Iterator[Model]:
    with sessions.opened() as open_session:
        log, rows = open_session(), open_session(cleaning.read_tables())
        orders = independent_fold.orders(log)
        fold, sales = independent_fold, independent_sales
        summaries = fold.actual_summaries(rows)
        yield "order_summary", summaries, fold.expected_summaries(orders)
        yield "order_detail", fold.actual_details(rows), fold.expected_details(orders)
        yield "sales_daily", sales.actual(rows), sales.expected(log)
        funnel, search = independent_funnel, independent_search
        yield "sales_funnel", funnel.actual(rows), funnel.expected(log)
        yield "order_search", search.actual(rows), search.expected(log)
        timelines = independent_timeline.expected(log)
    actual = independent_timeline.actual(timelines)
    yield "customer_timeline", actual, timelines
    yield from _sums(orders)


def _sums(orders: dict[str, dict[str, Any]]) -> Iterator[Model]:
    products = independent_sums.products(orders)
    yield "product_sales", {sku: product(sku) for sku in products}, products
    together = independent_sums.bought_with(orders)
    yield "bought_with", {sku: bought_with(sku) for sku in together}, together
    customers = independent_sums.customers(orders)
    yield "customer_summary", {id: customer(id) for id in customers}, customers


def product(sku: str) -> dict[str, Any]:
    return _with_decimals(product_queries.find_product(sku))


def bought_with(sku: str) -> list[tuple[str, str, int]]:
    found = product_queries.bought_with(sku, limit=200)
    return [(each["sku"], each["name"], each["orders"]) for each in found]


def customer(id: str) -> dict[str, Any]:
    found = _with_decimals(customer_queries.find_customer(id, now=AT))
    found.pop("features", None)
    for name in ("first_order_at", "last_order_at"):
        if name in found:
            found[name] = datetime.fromisoformat(found[name])
    return found


def _with_decimals(found: dict[str, Any] | None) -> dict[str, Any]:
    return {
        name: {key: Decimal(amount) for key, amount in value.items()}
        if name in AMOUNTS
        else value
        for name, value in (found or {}).items()
    }
