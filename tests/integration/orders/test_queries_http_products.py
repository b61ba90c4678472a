"""Products and customers over HTTP: shapes, orderings, pages, and what is refused."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from orders.projections.bought_with import BoughtWith
from orders.projections.customer_summary import CustomerSummary
from orders.projections.product_sales import ProductSales
from tests.integration.orders.reading import Reader, project
from tests.integration.orders.shop import LINE, Shop, assert_problem

QUERIES = "/api/v1/queries"
PRODUCTS = f"{QUERIES}/products"
CUSTOMERS = f"{QUERIES}/customers"
# A query, the projection that answers it, and what it says of something unknown.
OF_ONE = [
    (PRODUCTS + "/{}", ProductSales, "unknown-product"),
    (PRODUCTS + "/{}/bought-with", BoughtWith, "unknown-product"),
    (CUSTOMERS + "/{}", CustomerSummary, "unknown-customer"),
]
ALL = [(PRODUCTS, ProductSales), *(each[:2] for each in OF_ONE)]


def line(sku: str, quantity: int, price: str) -> dict[str, Any]:
    return {
        **LINE,
        "sku": sku,
        "name": f"Tea {sku}",
        "quantity": quantity,
        "unit_price": price,
    }


def listed(reader: Reader, **query: Any) -> list[str]:
    answer = reader.get(PRODUCTS, query)
    assert answer.status_code == 200, answer.content
    return [each["sku"] for each in answer.json()["data"]]


@pytest.fixture
def sold(shop: Shop) -> None:
    """A: 2 for 40 EUR. B: 30 for 30 EUR. C: 5 for 50 USD, and 1 for 10 EUR."""
    shop.place(lines=[line("A", 2, "20.00"), line("B", 30, "1.00")])
    shop.place(lines=[line("C", 5, "10.00")], currency="USD", customer_id="bob")
    shop.place(lines=[line("C", 1, "10.00")], customer_id="anonymous")
    cancelled = shop.place(lines=[line("D", 99, "10.00")])
    assert shop.change(cancelled, "cancel", {"reason": "r"}).status_code == 200
    project()


def test_it_shows_a_product_in_the_shape_of_the_contract(
    reader: Reader, sold: None
) -> None:
    product = {
        "sku": "C",
        "name": "Tea C",
        "orders": 2,
        "units": 6,
        "revenue": {"EUR": "10.00", "USD": "50.00"},
        "returned_units": 0,
        "refunded": {"EUR": "0.00", "USD": "0.00"},
        "customers": 1,
    }
    assert reader.get(f"{PRODUCTS}/C").json() == product
    assert product in reader.get(PRODUCTS).json()["data"]


def test_it_shows_a_product_of_cancelled_orders_alone_with_nothing(
    reader: Reader, sold: None
) -> None:
    found = reader.get(f"{PRODUCTS}/D").json()
    assert (found["name"], found["orders"], found["revenue"]) == ("Tea D", 0, {})
    assert "D" not in listed(reader)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, "CAB"),
        ({"ordering": "-revenue"}, "CAB"),
        ({"ordering": "revenue"}, "BAC"),
        ({"ordering": "-units"}, "BCA"),
        ({"ordering": "units"}, "ACB"),
        ({"currency": "EUR"}, "ABC"),
        ({"currency": "EUR", "ordering": "units"}, "CAB"),
        ({"currency": "USD"}, "C"),
        ({"currency": "GBP"}, ""),
    ],
)
def test_it_lists_products_by_what_they_sold(
    reader: Reader, sold: None, query: dict[str, str], expected: str
) -> None:
    assert "".join(listed(reader, **query)) == expected
    pages = "".join(walked(reader, {**query, "limit": "1"}))
    assert pages == expected


def test_it_lists_what_is_bought_with_a_product(shop: Shop, reader: Reader) -> None:
    for skus in ("AB", "ABC", "AC", "AB", "D"):
        shop.place(lines=[line(sku, 1, "10.00") for sku in skus])
    project()
    answer = reader.get(f"{PRODUCTS}/A/bought-with").json()
    both = [
        {"sku": "B", "name": "Tea B", "orders": 3},
        {"sku": "C", "name": "Tea C", "orders": 2},
    ]
    assert answer == {"data": both}
    limited = reader.get(f"{PRODUCTS}/A/bought-with", {"limit": 1}).json()
    assert limited == {"data": both[:1]}
    assert reader.get(f"{PRODUCTS}/D/bought-with").json() == {"data": []}


def test_it_shows_a_customer_in_the_shape_of_the_contract(
    shop: Shop, reader: Reader
) -> None:
    order_id = shop.confirmed()
    shop.change(order_id, "ship", {"carrier": "DHL", "tracking_number": "T"})
    payment = {"amount": "50.00", "method": "card", "reference": "p"}
    shop.change(order_id, "capture-payment", payment)
    shop.change(order_id, "refund", {"amount": "12.50", "reason": "r"})
    part = [{"line_id": 1, "quantity": 1}]
    shop.change(order_id, "return-lines", {"lines": part, "reason": "r"})
    project()
    found = reader.get(f"{CUSTOMERS}/customer-1").json()
    placed_at = reader.order(order_id).json()["placed_at"]
    assert found == {
        "customer_id": "customer-1",
        "orders": 1,
        "units": 10,
        "placed": {"EUR": "50.00"},
        "captured": {"EUR": "50.00"},
        "refunded": {"EUR": "12.50"},
        "lifetime_value": {"EUR": "37.50"},
        "returned_units": 1,
        "cancelled_orders": 0,
        "first_order_at": placed_at,
        "last_order_at": placed_at,
        "features": {
            "recency_days": 0,
            "frequency": 1,
            "monetary": {"EUR": "37.50"},
            "return_rate": 0.1,
            "average_order": {"EUR": "50.00"},
        },
    }


@pytest.mark.parametrize("id", ["a/b", "a b", "ä", "50%", "a?b", "x" * 64])
def test_it_finds_ids_of_any_characters(shop: Shop, reader: Reader, id: str) -> None:
    shop.place(customer_id=id, lines=[line(id, 1, "10.00"), line("B", 1, "1.00")])
    project()
    in_path = quote(id, safe="")
    assert reader.get(f"{PRODUCTS}/{in_path}").json()["sku"] == id
    assert reader.get(f"{CUSTOMERS}/{in_path}").json()["customer_id"] == id
    together = reader.get(f"{PRODUCTS}/{in_path}/bought-with").json()
    assert [each["sku"] for each in together["data"]] == ["B"]


@pytest.mark.parametrize(("url", "projection", "code"), OF_ONE)
@pytest.mark.parametrize("id", ["Z", "c", "%00", "a%00", "x" * 65, "%ff"])
def test_it_knows_nothing_that_is_in_no_order(
    reader: Reader, sold: None, url: str, projection: Any, code: str, id: str
) -> None:
    answer = reader.get(url.format(id))
    assert_problem(answer, 404, code)
    assert answer["Read-Position"] == "5"


@pytest.mark.parametrize(
    ("url", "query", "pointer"),
    [
        (PRODUCTS, "ordering=sku", "/ordering"),
        (PRODUCTS, "ordering=", "/ordering"),
        (PRODUCTS, "currency=EURO", "/currency"),
        (PRODUCTS, "currency=eur", "/currency"),
        (PRODUCTS, "currency=EUR&currency=USD", "/currency"),
        (PRODUCTS, "limit=0", "/limit"),
        (PRODUCTS, "limit=201", "/limit"),
        (PRODUCTS, "sku=A", "/sku"),
        (f"{PRODUCTS}/A", "limit=1", "/limit"),
        (f"{PRODUCTS}/A/bought-with", "limit=201", "/limit"),
        (f"{PRODUCTS}/A/bought-with", "cursor=x", "/cursor"),
        (f"{CUSTOMERS}/ada", "now=1", "/now"),
    ],
)
def test_it_refuses_parameters_that_are_odd(
    reader: Reader, url: str, query: str, pointer: str
) -> None:
    problem = assert_problem(reader.get(f"{url}?{query}"), 422, "invalid")
    assert {each["pointer"] for each in problem["errors"]} == {pointer}


def test_it_refuses_the_cursor_of_another_ordering(reader: Reader, sold: None) -> None:
    following = urlsplit(reader.get(PRODUCTS, {"limit": 1}).json()["next"]).query
    answer = reader.get(f"{PRODUCTS}?{following}&ordering=units")
    assert_problem(answer, 400, "bad-cursor")


@pytest.mark.parametrize(("url", "projection"), ALL)
def test_it_waits_for_a_write(
    shop: Shop, reader: Reader, url: str, projection: Any
) -> None:
    order_id = shop.place()
    project()
    token = shop.change(order_id, "confirm")["Consistency-Token"]
    headers = {"Consistency_Token": token, "Prefer": "wait=0"}
    url = url.format("customer-1" if "customers" in url else "TEA")
    problem = assert_problem(reader.get(url, **headers), 503, "read-model-behind")
    assert problem["lag_events"] == 1
    project()
    answer = reader.get(url, **headers)
    assert answer.status_code == 200
    assert answer["Read-Position"] == "2"


@pytest.mark.parametrize(("url", "projection"), ALL)
def test_it_tells_how_many_orders_it_may_lack(
    shop: Shop,
    reader: Reader,
    monkeypatch: pytest.MonkeyPatch,
    url: str,
    projection: Any,
) -> None:
    shop.place()
    project()
    known = url.format("customer-1" if "customers" in url else "TEA")
    assert "Parked-Orders" not in reader.get(known).headers

    def failing(self: Any, rows: Any, event: Any) -> None:
        raise ValueError(event.type)

    monkeypatch.setattr(projection, "fold", failing)
    shop.place()
    project()
    for asked in (known, url.format("Z")):
        assert reader.get(asked)["Parked-Orders"] == "1"


def walked(reader: Reader, query: dict[str, str]) -> Iterator[str]:
    page = reader.get(PRODUCTS, query).json()
    while True:
        yield from (each["sku"] for each in page["data"])
        if page["next"] is None:
            return
        following = urlsplit(page["next"])
        page = reader.get(f"{following.path}?{following.query}").json()
