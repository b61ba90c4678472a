"""No list reads more than a few rows of 200,000 orders, whatever is asked for."""

import html
import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connections, transaction
from django.test import Client
from pytest_django import DjangoDbBlocker

from benchmarks import many_orders
from orders.web import products
from orders.web.queries import ORDERINGS
from projections import checkpoints, reading
from tests import cleaning
from tests.integration.orders import visitors
from tests.integration.orders.reading import ORDERS, Reader
from tests.integration.orders.shop import Shop

QUERIES = "/api/v1/queries"
# Rows of a table that one node of a plan may read, and that one may sort.
MOST_READ = 20_000
MOST_SORTED = 10_000
# Entries of an index alone: counting 100,000 takes 10 ms.
MOST_ENTRIES = 150_000
IN_INDEX = ("Index Only Scan", "Bitmap Index Scan", "Aggregate")
# No index of such a kind has both: all orders placed later are passed, 80 ms of them.
PASSED = 100_000
PASSES = ("placed_before", "2025-07-01T00:00:00Z", "-updated_at")
# Smaller tables may be read as a whole.
BIG = 10_000
# Pages that a client turns before it is deep inside.
PAGES = 3
# The oldest 4,000 of the 200,000 orders are those of one customer.
FORMER_CUSTOMER = """
UPDATE orders_order_summary
SET customer_id = 'former'
WHERE placed_at <= (
    SELECT placed_at FROM orders_order_summary ORDER BY placed_at LIMIT 1 OFFSET 3999
);
ANALYZE orders_order_summary;
"""


@pytest.fixture(scope="module")
def reader(
    pristine_database: cleaning.Pristine, django_db_blocker: DjangoDbBlocker
) -> Iterator[Reader]:
    """A client of a shop with very many orders."""
    with django_db_blocker.unblock():
        cleaning.clean(pristine_database)
        many_orders.fill()
        yield Reader()
        cleaning.clean(pristine_database)
        cleaning.close_connections()


@pytest.mark.parametrize("ordering", ORDERINGS)
@pytest.mark.parametrize(
    ("name", "value"),
    [(name, each) for name, values in many_orders.FILTERS.items() for each in values],
)
def test_it_lists_orders_from_an_index(
    reader: Reader, name: str, value: str | list[str], ordering: str
) -> None:
    most = PASSED if (name, value, ordering) == PASSES else MOST_READ
    bounded(reader, ORDERS, {name: value, "ordering": ordering}, most=most)


@pytest.mark.parametrize("ordering", ORDERINGS)
def test_it_lists_all_orders_from_an_index(reader: Reader, ordering: str) -> None:
    bounded(reader, ORDERS, {"ordering": ordering})


@pytest.mark.parametrize("value", many_orders.FILTERS["q"])
def test_it_searches_by_what_matters_most_with_an_index(
    reader: Reader, value: str
) -> None:
    bounded(reader, ORDERS, {"q": value})


@pytest.mark.parametrize("currency", [None, *many_orders.FILTERS["currency"]])
@pytest.mark.parametrize("ordering", products.ORDERINGS)
def test_it_lists_products_from_an_index(
    reader: Reader, currency: str | None, ordering: str
) -> None:
    query = {"ordering": ordering, **({"currency": currency} if currency else {})}
    bounded(reader, f"{QUERIES}/products", query)


@pytest.mark.parametrize(
    "path",
    [
        "products/SKU-1",
        "products/SKU-RARE",
        "products/SKU-RARE/bought-with",
        "customers/anonymous",
        "customers/customer-rare",
        "sales/daily?from=2025-01-01&to=2025-12-31",
        "sales/daily?from=2025-12-01&to=2025-12-31&country=IS",
        "sales/daily?from=2025-12-01&to=2025-12-31&country=GB",
        "sales/daily?from=2025-12-01&to=2025-12-31&currency=CHF",
        "sales/funnel?from=2025-12-01&to=2025-12-31",
    ],
)
def test_it_answers_from_an_index(reader: Reader, path: str) -> None:
    bounded(reader, f"{QUERIES}/{path}", None, pages=1)


def test_it_finds_an_order_by_its_key(reader: Reader) -> None:
    checkpoints.runnable()  # makes the first ones, without which there are no orders
    bounded(reader, f"{ORDERS}/{many_orders.order_id(100_000)}", None, pages=1)


@pytest.mark.parametrize(
    "asked",
    [
        "",
        "REF-100000",
        "ref-100000",
        "anonymous",
        "ANONYMOUS",
        "customer-30",
        "customer-rare",
        "SKU-1",
        "nothing",
        "00000000-0000-4000-8000-000000000000",
    ],
)
def test_it_looks_orders_up_from_an_index(reader: Reader, asked: str) -> None:
    viewer = visitors.signed_in(f"viewer of {asked}", "Viewer")
    following: str | None = f"/orders/?q={asked}"
    for _ in range(PAGES):
        if following is None:
            return
        answer = _bounded_answer(viewer, following, None, MOST_READ)
        assert answer.status_code in (200, 303), answer.content
        found = re.search(r'href="([^"]+)" rel="next"', answer.content.decode())
        following = html.unescape(found[1]) if found else None


def test_it_looks_up_who_has_ordered_nothing_for_long(reader: Reader) -> None:
    viewer = visitors.signed_in("viewer of the past", "Viewer")
    with transaction.atomic(using="read"), connections["read"].cursor() as cursor:
        cursor.execute(FORMER_CUSTOMER)
        answer = _bounded_answer(viewer, "/orders/?q=former", None, MOST_READ)
        assert answer.content.count(b'<tr id="order-') == 50
        transaction.set_rollback(True, using="read")


def test_it_shows_an_order_by_its_key(reader: Reader) -> None:
    viewer = visitors.signed_in("viewer of one", "Viewer")
    order_id = Shop().place()
    answer = _bounded_answer(viewer, f"/orders/{order_id}/", None, 100)
    assert answer.status_code == 200, answer.content


def bounded(
    reader: Reader, url: str, query: Any, *, pages: int = PAGES, most: int = MOST_READ
) -> None:
    """Asserts that every statement of an answer, and of the pages after it, is."""
    following: str | None = url
    for _ in range(pages):
        if following is None:
            return
        answer = _bounded_answer(reader, following, query, most)
        assert answer.status_code == 200, answer.content
        query, parts = None, urlsplit(answer.json().get("next") or "")
        following = f"{parts.path}?{parts.query}" if parts.query else None


def _bounded_answer(reader: Reader | Client, url: str, query: Any, most: int) -> Any:
    plans: list[tuple[str, Any]] = []
    with connections["read"].execute_wrapper(_planner(plans)):
        answer = reader.get(url, query)
    assert plans
    for sql, plan in plans:
        _assert_bounded(sql, plan, most)
    return answer


def _planner(plans: list[tuple[str, Any]]) -> Any:
    """Explains each query before it runs, with the settings that it runs with."""

    bound = reading.BOUND.format(settings.CQRS.query_side.statement_timeout_ms)

    def explain(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        _, _, sql = sql.rpartition(bound)
        if sql.lstrip().startswith(("SELECT", "WITH", "(")):
            with context["connection"].cursor() as cursor:
                cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", params)
                (found,) = cursor.fetchone()
            plan = json.loads(found) if isinstance(found, str) else found
            plans.append((f"{sql[:2000]} {str(params)[:200]}", plan[0]["Plan"]))
        return execute(f"{bound}{sql}", params, many, context)

    return explain


def _assert_bounded(sql: str, plan: Any, most: int) -> None:
    for node in _nodes(plan):
        told = f"{json.dumps(node, indent=1)}\n{sql}"
        if node["Node Type"] == "Seq Scan":
            assert _read(node) <= BIG, told
        if node["Node Type"] == "Sort":
            assert sum(map(_rows, node["Plans"])) <= MOST_SORTED, told
        most_of_it = MOST_ENTRIES if node["Node Type"] in IN_INDEX else most
        assert _read(node) <= most_of_it, told


def _rows(node: Any) -> float:
    return float(node["Actual Rows"] * node["Actual Loops"])


def _read(node: Any) -> float:
    removed = sum(
        node.get(name, 0)
        for name in (
            "Rows Removed by Filter",
            "Rows Removed by Index Recheck",
            "Rows Removed by Join Filter",
        )
    )
    return float((node["Actual Rows"] + removed) * node["Actual Loops"])


def _nodes(plan: Any) -> Iterator[Any]:
    yield plan
    for each in plan.get("Plans", ()):
        yield from _nodes(each)
