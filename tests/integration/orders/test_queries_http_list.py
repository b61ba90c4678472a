"""Lists of orders: every filter, every ordering, and pages while orders change."""

import itertools
from collections import Counter
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.integration.orders.reading import ORDERS, Reader, project
from tests.integration.orders.shop import ADDRESS, LINE, Shop, assert_problem

ORDERINGS = ("placed_at", "-placed_at", "total", "-total", "updated_at", "-updated_at")


def line(price: str, sku: str = "TEA", quantity: int = 1) -> dict[str, Any]:
    return {**LINE, "sku": sku, "quantity": quantity, "unit_price": price}


def test_it_lists_the_newest_order_first(shop: Shop, reader: Reader) -> None:
    placed = [shop.place() for _ in range(3)]
    project()
    assert reader.found() == placed[::-1]


def test_it_shows_the_shape_of_the_contract(shop: Shop, reader: Reader) -> None:
    order_id = shop.place(lines=[line("6.00", "A"), line("3.005", "B", 2)])
    project()
    (found,) = reader.page()["data"]
    assert found.pop("placed_at").endswith("Z")
    assert found.pop("updated_at").endswith("Z")
    assert found == {
        "order_id": order_id,
        "external_reference": None,
        "version": 1,
        "customer_id": "customer-1",
        "currency": "EUR",
        "country": "GB",
        "status": "pending",
        "payment_status": "unpaid",
        "fulfillment_status": "unfulfilled",
        "total": "12.01",
        "captured": "0.00",
        "refunded": "0.00",
        "line_count": 2,
        "units": 3,
    }


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"status": "pending"}, "a"),
        ({"status": ["pending", "confirmed"]}, "abc"),
        ({"status": "cancelled"}, ""),
        ({"payment_status": "paid"}, "c"),
        ({"payment_status": ["paid", "unpaid"]}, "abc"),
        ({"fulfillment_status": "shipped"}, "b"),
        ({"customer_id": "ada"}, "ab"),
        ({"customer_id": "ad"}, ""),
        ({"sku": "X"}, "bc"),
        ({"sku": "x"}, ""),
        ({"country": "FR"}, "b"),
        ({"currency": "USD"}, "c"),
        ({"external_reference": "R-2"}, "b"),
        ({"min_total": "20"}, "bc"),
        ({"min_total": "20.01"}, "c"),
        ({"max_total": "20.00"}, "ab"),
        ({"min_total": "15", "max_total": "25", "customer_id": "ada"}, "b"),
        ({"placed_after": "2000-01-01T00:00:00Z"}, "abc"),
        ({"placed_before": "2000-01-01T00:00:00Z"}, ""),
        ({}, "abc"),
    ],
)
def test_it_filters(
    shop: Shop, reader: Reader, query: dict[str, Any], expected: str
) -> None:
    a = shop.place(customer_id="ada", lines=[line("10.00", "W")])
    b = shop.confirmed(
        customer_id="ada",
        external_reference="R-2",
        lines=[line("5.00", "W"), line("15.00", "X")],
        shipping_address={**ADDRESS, "country": "FR"},
    )
    c = shop.confirmed(customer_id="bob", currency="USD", lines=[line("30.00", "X")])
    shop.change(b, "ship", {"carrier": "DHL", "tracking_number": "T"})
    payment = {"amount": "30.00", "method": "card", "reference": "p"}
    shop.change(c, "capture-payment", payment)
    project()
    names = {a: "a", b: "b", c: "c"}
    assert "".join(sorted(names[each] for each in reader.found(**query))) == expected


def test_it_includes_the_bounds_of_a_time(shop: Shop, reader: Reader) -> None:
    order_id = shop.place()
    project()
    at = reader.page()["data"][0]["placed_at"]
    assert reader.found(placed_after=at, placed_before=at) == [order_id]
    lower_case = at.replace("T", "t").replace("Z", "z")
    assert reader.found(placed_after=lower_case) == [order_id]


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("status=unknown", "/status"),
        ("min_total=NaN", "/min_total"),
        ("max_total=1e400", "/max_total"),
        ("placed_after=yesterday", "/placed_after"),
        ("ordering=customer_id", "/ordering"),
        ("limit=0", "/limit"),
        ("limit=201", "/limit"),
        ("stauts=pending", "/stauts"),
        ("customer_id=a%00b", "/customer_id"),
        ("customer_id=", "/customer_id"),
        ("status=", "/status"),
        ("customer_id=ada&customer_id=bob", "/customer_id"),
        ("min_total=-1", "/min_total"),
        ("min_total=1e1", "/min_total"),
        ("min_total=1.00001", "/min_total"),
        ("placed_after=2026-01-31", "/placed_after"),
    ],
)
def test_it_refuses_what_it_cannot_filter_by(
    reader: Reader, query: str, pointer: str
) -> None:
    problem = assert_problem(reader.get(f"{ORDERS}?{query}"), 422, "invalid")
    assert {each["pointer"] for each in problem["errors"]} == {pointer}


@pytest.mark.parametrize("ordering", ORDERINGS)
def test_it_pages_through_every_order_once(
    shop: Shop, reader: Reader, ordering: str
) -> None:
    # Equal totals: the tie-break decides.
    placed = [shop.place(lines=[line(f"1{n % 3}.00")]) for n in range(7)]
    project()
    pages = list(walk(reader, {"ordering": ordering, "limit": 2}))
    seen = [each["order_id"] for page in pages for each in page]
    assert Counter(seen) == Counter(placed)
    key = ordering.removeprefix("-")
    values = [
        float(each[key]) if key == "total" else each[key]
        for page in pages
        for each in page
    ]
    assert values == sorted(values, reverse=ordering.startswith("-"))


@pytest.mark.parametrize("ordering", ["placed_at", "-placed_at"])
def test_it_shows_each_order_once_while_all_of_them_change(
    shop: Shop, reader: Reader, ordering: str
) -> None:
    placed = [shop.place() for _ in range(7)]
    project()
    seen: Counter[str] = Counter()
    for page in walk(reader, {"ordering": ordering, "limit": 2}):
        seen.update(each["order_id"] for each in page)
        for order_id in placed:
            shop.change(order_id, "add-note", {"text": "changed"})
        shop.place()
        project()
    assert {order_id: seen[order_id] for order_id in placed} == dict.fromkeys(placed, 1)


def test_it_loses_no_order_that_changes_under_ascending_updated_at(
    shop: Shop, reader: Reader
) -> None:
    placed = [shop.place() for _ in range(7)]
    project()
    seen: dict[str, int] = {}
    changes = itertools.chain(placed, placed)
    query = {"ordering": "updated_at", "limit": 1}
    for page in itertools.islice(walk(reader, query), 40):
        for each in page:
            seen[each["order_id"]] = each["version"]
        if order_id := next(changes, None):
            shop.change(order_id, "add-note", {"text": "changed"})
            project()
    # Every order was seen, and again after its last change.
    assert seen == dict.fromkeys(placed, 3)


def test_it_refuses_the_cursor_of_another_query(shop: Shop, reader: Reader) -> None:
    for _ in range(3):
        shop.place()
    project()
    following = urlsplit(reader.page({"limit": 1})["next"]).query
    answer = reader.get(f"{ORDERS}?{following}&status=pending")
    assert_problem(answer, 400, "bad-cursor")


def test_it_waits_for_a_write_before_it_lists(shop: Shop, reader: Reader) -> None:
    order_id = shop.place()
    project()
    token = shop.change(order_id, "confirm")["Consistency-Token"]
    headers = {"Consistency_Token": token, "Prefer": "wait=0"}
    assert_problem(reader.get(ORDERS, **headers), 503, "read-model-behind")
    project()
    answer = reader.get(ORDERS, **headers)
    assert answer.json()["data"][0]["status"] == "confirmed"
    assert answer["Read-Position"] == "2"


def walk(reader: Reader, query: dict[str, Any]) -> Any:
    page = reader.page(query)
    while True:
        yield page["data"]
        if page["next"] is None:
            return
        following = urlsplit(page["next"])
        page = reader.get(f"{following.path}?{following.query}").json()
