"""Lists of products read the rows of their page, however many products there are."""

import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from orders.web.products import ORDERINGS
from tests.integration.orders.reading import Reader
from tests.integration.orders.test_queries_http_products import PRODUCTS

MANY = """
INSERT INTO orders_product_sales (sku, orders, units, returned_units, revenue)
SELECT 'S' || n, n % 3, n % 91, 0, n % 97
FROM generate_series(1, 20000) n;
INSERT INTO orders_product_revenue (sku, currency, orders, units, revenue, refunded)
SELECT 'S' || n, currency, n % 3, n % 91, n % 97, 0
FROM generate_series(1, 20000) n
CROSS JOIN unnest(ARRAY['EUR', 'USD']) currency;
INSERT INTO orders_product_name (sku, name, lines)
SELECT 'S' || n, 'Tea', 1
FROM generate_series(1, 20000) n;
ANALYZE orders_product_sales, orders_product_revenue, orders_product_name;
"""


@pytest.fixture
def many(database: None) -> None:
    with connections["read"].cursor() as cursor:
        cursor.execute(MANY)


@pytest.mark.parametrize("ordering", ORDERINGS)
@pytest.mark.parametrize("currency", [None, "EUR"])
def test_it_reads_a_page_of_products_from_an_index(
    reader: Reader, many: None, currency: str | None, ordering: str
) -> None:
    query = {"ordering": ordering, "limit": "50"}
    query |= {"currency": currency} if currency else {}
    first = planned(reader, PRODUCTS, query)
    following = urlsplit(first["next"])
    planned(reader, f"{following.path}?{following.query}", None)


def planned(reader: Reader, url: str, query: Any) -> Any:
    """The answer, once the plan of its page is seen to touch few rows."""
    with CaptureQueriesContext(connections["read"]) as captured:
        answer = reader.get(url, query).json()
    assert len(answer["data"]) == 50
    (listing,) = (
        each["sql"].rpartition("; ")[2]  # without its time-out
        for each in captured.captured_queries
        if 'FROM "orders_product_' in each["sql"]
    )
    with connections["read"].cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {listing}")
        (text,) = cursor.fetchone()
    plan = json.loads(text) if isinstance(text, str) else text
    for node in _nodes(plan[0]["Plan"]):
        assert node["Node Type"] not in ("Seq Scan", "Sort"), listing
        assert node["Actual Rows"] <= 51
        assert node.get("Rows Removed by Filter", 0) <= 51
    return answer


def _nodes(plan: Any) -> Any:
    yield plan
    for each in plan.get("Plans", ()):
        yield from _nodes(each)
