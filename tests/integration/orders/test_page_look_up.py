"""Orders are found by whatever a customer may say of them."""

import re
from typing import Any
from uuid import uuid4

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.integration.orders import visitors
from tests.integration.orders.reading import project
from tests.integration.orders.shop import Shop
from tests.integration.orders.test_queries_http_parked import broken  # noqa: F401

# Session, user, permissions; where the list stands; the search, and up to three lists.
MOST_STATEMENTS = 40


@pytest.fixture
def viewer(database: None) -> Client:
    return visitors.viewer()


def found(answer: Any) -> list[str]:
    """The ids of a list's orders, in its order."""
    return re.findall(r'<tr id="order-([^"]+)"', visitors.page(answer))


def statements(client: Client, path: str) -> int:
    with (
        CaptureQueriesContext(connections["default"]) as log,
        CaptureQueriesContext(connections["read"]) as read,
    ):
        visitors.page(client.get(path))
    return len(log) + len(read)


@pytest.mark.parametrize(
    "asked",
    [
        "{id}",
        "order-{id}",
        "{upper}",
        "{hex}",
        "{{{id}}}",
        "urn:uuid:{id}",
        " {id} ",
        "WEB-7",
        "web-7",
        "customer-ada",
        "Customer-Ada",
        "JD0146",
        "jd0146",
    ],
)
def test_it_goes_to_the_one_order_that_is_meant(
    shop: Shop, viewer: Client, asked: str
) -> None:
    id = shop.confirmed(customer_id="customer-ada", external_reference="WEB-7")
    shop.change(id, "ship", {"carrier": "DHL", "tracking_number": "JD0146"})
    shop.place()
    project()
    q = asked.format(id=id, upper=id.upper(), hex=id.replace("-", ""))
    answer = viewer.get("/orders/", {"q": q})
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"/orders/{id}/"


def test_it_finds_an_order_by_its_id_before_it_is_read(
    shop: Shop, viewer: Client
) -> None:
    id = shop.place()
    assert viewer.get("/orders/", {"q": id}).status_code == 303


def test_it_takes_a_customers_id_that_looks_like_an_orders(
    shop: Shop, viewer: Client
) -> None:
    customer = str(uuid4())
    ids = [shop.place(customer_id=customer) for _ in range(2)]
    project()
    assert found(viewer.get("/orders/", {"q": customer})) == ids[::-1]


def test_it_lists_several_newest_first_by_the_page(shop: Shop, viewer: Client) -> None:
    ids = [shop.place(customer_id="ada") for _ in range(51)]
    shop.place(customer_id="bob")
    project()
    first = viewer.get("/orders/", {"q": "ada"})
    assert found(first) == ids[:0:-1]
    (following,) = re.findall(r'href="([^"]+)" rel="next"', visitors.page(first))
    assert found(viewer.get(following.replace("&amp;", "&"))) == ids[:1]


def test_it_lists_an_order_once_that_is_meant_twice(shop: Shop, viewer: Client) -> None:
    both = shop.place(customer_id="ada", external_reference="ada")
    other = shop.place(external_reference="ada")
    project()
    assert found(viewer.get("/orders/", {"q": "ada"})) == [other, both]


def test_it_finds_no_product(shop: Shop, viewer: Client) -> None:
    shop.place()
    shop.place()
    project()
    shown = visitors.text(viewer.get("/orders/", {"q": "TEA"}))
    assert "No order has TEA as its id, its reference, its customer's id" in shown


def test_it_says_where_else_to_look_when_nothing_is_found(
    shop: Shop, viewer: Client
) -> None:
    answer = viewer.get("/orders/", {"q": "<b>nothing"})
    shown = visitors.text(answer)
    assert "Nothing found" in shown
    assert "No order has <b>nothing as its id" in shown
    assert "the API's search for orders" in shown
    assert "<b>" not in visitors.page(answer)


def test_it_lists_the_newest_when_nothing_is_asked(shop: Shop, viewer: Client) -> None:
    assert "There are no orders yet" in visitors.text(viewer.get("/orders/"))
    ids = [shop.place() for _ in range(3)]
    project()
    assert found(viewer.get("/orders/")) == ids[::-1]
    assert found(viewer.get("/orders/", {"q": "  "})) == ids[::-1]


@pytest.mark.parametrize("asked", ["x" * 201, "\x00"])
def test_it_refuses_what_can_be_none(viewer: Client, asked: str) -> None:
    shown = visitors.text(viewer.get("/orders/", {"q": asked}), 422)
    assert "Nothing found" in shown


def test_it_says_that_a_page_is_of_another_list(viewer: Client) -> None:
    shown = visitors.text(viewer.get("/orders/?cursor=forged"), 400)
    assert "The cursor is not of this query." in shown


def test_it_says_that_rows_are_late(shop: Shop, viewer: Client) -> None:
    shop.place()
    shop.place()
    assert "2 later events are not in this list yet" in visitors.text(
        viewer.get("/orders/")
    )
    project()
    assert "not in this list yet" not in visitors.text(viewer.get("/orders/"))


def test_it_says_that_orders_are_parked(
    shop: Shop,
    viewer: Client,
    broken: set[str],  # noqa: F811
) -> None:
    shop.place()
    project()
    assert "may be missing" not in visitors.text(viewer.get("/orders/"))
    broken.add("OrderPlaced")
    shop.place()
    project()
    assert "1 order may be missing or late here" in visitors.text(
        viewer.get("/orders/")
    )


def test_it_masks_references_for_who_may_not_read_them(
    shop: Shop, viewer: Client
) -> None:
    for number in range(2):
        shop.place(customer_id="ada", external_reference=f"web-{number}")
    project()
    assert "web-1" not in visitors.page(viewer.get("/orders/", {"q": "ada"}))
    assert "***" in visitors.page(viewer.get("/orders/", {"q": "ada"}))
    administrator = visitors.administrator()
    assert "web-1" in visitors.page(administrator.get("/orders/", {"q": "ada"}))


def test_it_asks_the_databases_as_often_for_many_orders_as_for_few(
    shop: Shop, viewer: Client
) -> None:
    few = [shop.place(customer_id="ada") for _ in range(2)]
    project()
    asked = statements(viewer, "/orders/?q=ada")
    for _ in range(20):
        shop.place(customer_id="ada")
    project()
    assert len(found(viewer.get("/orders/?q=ada"))) == 22 > len(few)
    assert statements(viewer, "/orders/?q=ada") == asked <= MOST_STATEMENTS
