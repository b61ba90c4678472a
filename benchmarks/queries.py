"""Milliseconds of each query among 200,000 orders, one client at a time.

`queries_before` is the same without the indexes by value that order lists have.
"""

import statistics
import time
from typing import Any
from urllib.parse import urlencode

INDEXES_PREFIX = "summary_"
QUERIES = "/api/v1/queries"


def measure(seconds: float) -> dict[str, float]:
    """seconds: of all queries of one kind, about."""
    return _measured(_client(), seconds, "")


def measure_before(seconds: float) -> dict[str, float]:
    from benchmarks import many_orders
    from orders.models import OrderSummary

    names = [
        each.name
        for each in OrderSummary._meta.indexes
        if each.name.startswith(INDEXES_PREFIX)
    ]
    client = _client()
    with many_orders.without_indexes(["orders_order_summary"], names=names):
        return _measured(client, seconds, "without indexes: ")


def _measured(client: Any, seconds: float, told: str) -> dict[str, float]:
    figures = {}
    for label, urls in _queries().items():
        taken, worst = [], ("", 0.0)
        ends = time.monotonic() + seconds
        # Each once at least; the first of all is not counted, nobody's cache is warm.
        _milliseconds(client, urls[0])
        while not taken or time.monotonic() < ends:
            for url in urls:
                took = _milliseconds(client, url)
                taken.append(took)
                worst = max(worst, (url, took), key=lambda each: each[1])
        cuts = (
            statistics.quantiles(taken, n=100, method="inclusive")
            if len(taken) > 1
            else taken * 99
        )
        figures[f"{told}{label}, p50 ms"] = cuts[49]
        figures[f"{told}{label}, p99 ms"] = cuts[98]
        figures[f"{told}{label}, slowest: {worst[0].partition('?')[2]}"] = worst[1]
    return figures


def _queries() -> dict[str, list[str]]:
    from benchmarks import many_orders
    from orders.web import products
    from orders.web.queries import ORDERINGS

    found = {
        f"orders by {name}": [
            _url("orders", {name: value, "ordering": ordering})
            for value in values
            for ordering in ORDERINGS
        ]
        for name, values in many_orders.FILTERS.items()
    }
    year = {"from": "2025-01-01", "to": "2025-12-31"}
    ids = [many_orders.order_id(number) for number in range(1, 200_000, 2_000)]
    customers = ["anonymous", *(f"customer-{n}" for n in range(30, 130))]
    skus = [f"SKU-{n}" for n in (1, 2, 5, 20, 70, 500, 2000, 3900)]
    return found | {
        "orders, all": [_url("orders", {"ordering": each}) for each in ORDERINGS],
        "orders by q, what matters first": [
            _url("orders", {"q": each}) for each in many_orders.FILTERS["q"]
        ],
        "orders/{id}": [_url(f"orders/{each}") for each in ids],
        "customers/{id}": [_url(f"customers/{each}") for each in customers],
        "products": [
            _url("products", {"ordering": each}) for each in products.ORDERINGS
        ],
        "products/{sku}": [_url(f"products/{each}") for each in skus],
        "bought-with": [_url(f"products/{each}/bought-with") for each in skus],
        "sales/daily, a year": [_url("sales/daily", year)],
        "sales/funnel, a month": [
            _url("sales/funnel", {"from": "2025-06-01", "to": "2025-06-30"})
        ],
        "sales/funnel, a year": [_url("sales/funnel", year)],
    }


def _url(path: str, query: dict[str, Any] | None = None) -> str:
    return f"{QUERIES}/{path}?{urlencode(query or {}, doseq=True)}"


def _client() -> Any:
    """Of a shop that is filled when it is asked for the first time."""
    from django.test import Client

    from api import keys
    from benchmarks import many_orders
    from eventstore import ids
    from orders.models import OrderSummary
    from projections import checkpoints

    if not OrderSummary.objects.exists():
        many_orders.fill()
    checkpoints.runnable()  # makes the first ones: of none, no order is known
    key = keys.create(name=str(ids.uuid7()), scopes=("orders:read",)).key
    return Client(headers={"Authorization": f"Bearer {key}"}, SERVER_NAME="localhost")


def _milliseconds(client: Any, url: str) -> float:
    began = time.perf_counter()
    answer = client.get(url)
    took = (time.perf_counter() - began) * 1000
    if answer.status_code not in (200, 503):
        raise RuntimeError(f"{url}: {answer.content!r}")
    return took
