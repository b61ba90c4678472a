"""An order's page: what is, what happened, and what may be read of its customer."""

import re
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from eventstore.models import PersonKey
from orders.pages import happened
from orders.pages import order as order_page
from tests.integration.orders import forgotten, visitors
from tests.integration.orders.reading import project
from tests.integration.orders.shop import ORDERS, Shop, events_of, order
from tests.integration.orders.test_queries_http_parked import broken  # noqa: F401

MOST_STATEMENTS = 15
LOOK = "view_ordersummary"


@pytest.fixture
def viewer(database: None) -> Client:
    return visitors.viewer()


@pytest.fixture
def administrator(database: None) -> Client:
    return visitors.administrator()


def bought(shop: Shop) -> str:
    """An order of 10 units that is paid, and shipped in part."""
    id = shop.confirmed(external_reference="WEB-7", note="Ring twice")
    card = {"amount": "25.00", "method": "card", "reference": "pay-1"}
    shop.change(id, "capture-payment", card)
    part = [{"line_id": 1, "quantity": 4}]
    sent = {"carrier": "DHL", "tracking_number": "JD0146", "lines": part}
    assert shop.change(id, "ship", sent).status_code == 200
    failed = {"shipment_id": 1, "reason": "nobody at home"}
    assert shop.change(id, "record-delivery-failure", failed).status_code == 200
    return id


def told(answer: Any) -> list[str]:
    """What happened, by the page."""
    shown = visitors.page(answer).partition("What happened")[2]
    return re.findall(r'<p class="said">([^<]*)</p>', shown)


def test_it_shows_the_order_as_it_is(shop: Shop, administrator: Client) -> None:
    id = bought(shop)
    project()
    shown = visitors.text(administrator.get(f"/orders/{id}/"))
    for part in (
        "Order ◐ confirmed",
        "Payment ◐ partially paid",
        "Fulfillment ◐ partially shipped",
        "Total 50.00 EUR Paid 25.00 EUR Still to pay 25.00 EUR",
        "Tea TEA 10 4 0 0 5.00 50.00",
        "DHL JD0146 shipment 1, 4 units 4 Tea",
        "Delivery failed: nobody at home",
        "Payment by card pay-1",
        "Reference WEB-7",
        "Ada Byron 12 Mill Lane Bath GB",
        "Notes Ring twice",
    ):
        assert part in shown


def test_it_tells_what_happened_newest_first(shop: Shop, administrator: Client) -> None:
    id = bought(shop)
    project()
    answer = administrator.get(f"/orders/{id}/")
    assert told(answer) == [
        "Delivery of shipment 1 failed: nobody at home",
        "Shipped 4 of 10 Tea with DHL, tracking JD0146",
        "Payment of 25.00 EUR captured by card, reference pay-1",
        "Confirmed",
        "Placed 1 line, 50.00 EUR, through api, reference WEB-7; note: Ring twice",
    ]
    assert "by key:shop-orders:write" in visitors.text(answer)
    newest = events_of(id)[-1]
    shown = visitors.page(answer)
    at = newest.occurred_at.isoformat().replace("+00:00", "Z")
    assert f"datetime='{at}'" in shown
    assert f'href="/admin/orders/orderdetail/{id}/change/"' in shown


def test_it_leads_to_the_console_who_may_see_it(shop: Shop, viewer: Client) -> None:
    id = shop.place()
    project()
    (placed,) = events_of(id)
    links = (f"/ops/streams/order-{id}/", f"/ops/events/{placed.position}/")
    shown = visitors.page(viewer.get(f"/orders/{id}/"))
    for link in links:
        assert f'href="{link}"' in shown
        assert viewer.get(link).status_code == 200
    clerk = visitors.signed_in("clara")
    clerk_user = User.objects.get(username="clara")
    clerk_user.user_permissions.add(Permission.objects.get(codename=LOOK))
    shown = visitors.page(clerk.get(f"/orders/{id}/"))
    assert "/ops/" not in shown
    assert "/admin/orders/" not in shown


def test_it_masks_what_tells_about_the_customer(
    shop: Shop, viewer: Client, administrator: Client
) -> None:
    first, second = forgotten.touch_every_field(shop)
    project()
    shown = ""
    for id in (first, second):
        for query in ("", "?at_version=1", "?at_version=2&before=2"):
            answer = viewer.get(f"/orders/{id}/{query}")
            shown += visitors.page(answer, answer.status_code)
    assert [each for each in forgotten.PERSONAL.values() if each in shown] == []
    assert "Address *** ***" in visitors.text(viewer.get(f"/orders/{first}/"))
    assert "Delivery of shipment 1 failed: ***" in told(viewer.get(f"/orders/{first}/"))
    paths = (f"{first}/", f"{first}/?at_version=1", f"{second}/")
    clear = "".join(visitors.page(administrator.get(f"/orders/{id}")) for id in paths)
    assert [each for each in forgotten.PERSONAL.values() if each not in clear] == []


def test_it_says_that_a_customer_is_forgotten(
    shop: Shop, viewer: Client, administrator: Client
) -> None:
    id = bought(shop)
    project()
    forgotten.forget("customer-1")
    project()
    for client in (viewer, administrator):
        shown = visitors.page(client.get(f"/orders/{id}/"))
        assert "Ring twice" not in shown
        assert (
            "***" not in shown.partition("What happened")[0].partition("*** stands")[0]
        )
        assert "Delivery of shipment 1 failed: [forgotten]" in told(
            client.get(f"/orders/{id}/")
        )
        assert "Address [forgotten]" in visitors.text(client.get(f"/orders/{id}/"))


def test_it_says_what_is_not_read_yet(shop: Shop, administrator: Client) -> None:
    id = shop.place()
    project()
    shop.change(id, "confirm")
    shop.change(id, "add-note", {"text": "Dog bites"})
    answer = administrator.get(f"/orders/{id}/")
    assert "2 later events are not in this yet" in visitors.text(answer)
    assert "○ pending" in visitors.text(answer)
    assert told(answer)[:2] == ["Added a note: Dog bites", "Confirmed"]
    project()
    shown = visitors.text(administrator.get(f"/orders/{id}/"))
    assert "not in this yet" not in shown
    assert "◐ confirmed" in shown


def test_it_shows_an_order_that_no_table_has_yet(
    shop: Shop, administrator: Client
) -> None:
    id = bought(shop)
    shown = visitors.text(administrator.get(f"/orders/{id}/"))
    assert "Fulfillment ◐ partially shipped" in shown
    assert "not in this yet" not in shown


def test_it_says_that_the_order_is_parked(
    shop: Shop,
    administrator: Client,
    broken: set[str],  # noqa: F811
) -> None:
    id = shop.place()
    project()
    broken.add("OrderConfirmed")
    shop.change(id, "confirm")
    project()
    answer = administrator.get(f"/orders/{id}/")
    assert "An event of this order cannot be read" in visitors.text(answer)
    assert told(answer)[0] == "Confirmed"


def test_it_shows_the_order_as_it_was(shop: Shop, administrator: Client) -> None:
    id = bought(shop)
    project()
    answer = administrator.get(f"/orders/{id}/?at_version=3")
    shown = visitors.text(answer)
    assert "as it was at version 3 of 5" in shown
    assert "Fulfillment ○ unfulfilled" in shown
    assert told(answer)[0].startswith("Payment of 25.00 EUR captured")
    for version in (2, 4):
        assert f"?at_version={version}" in visitors.page(answer)
    last = visitors.page(administrator.get(f"/orders/{id}/?at_version=5"))
    assert 'rel="next"' not in last
    first = visitors.page(administrator.get(f"/orders/{id}/?at_version=1"))
    assert 'rel="prev"' not in first


@pytest.mark.parametrize("query", ["at_version=2", "at_version=0", "at_version=x"])
def test_it_says_which_versions_there_are(
    shop: Shop, viewer: Client, query: str
) -> None:
    id = shop.place()
    shown = visitors.text(viewer.get(f"/orders/{id}/?{query}"), 404)
    assert "It has versions 1 to 1." in shown


@pytest.mark.parametrize("id", [str(uuid4()), "nothing", "%00"])
def test_it_says_that_there_is_no_such_order(viewer: Client, id: str) -> None:
    answer = viewer.get(f"/orders/{id}/")
    assert "There is no such order" in visitors.text(answer, 404)


def test_it_says_what_it_cannot_read(
    shop: Shop, administrator: Client, viewer: Client
) -> None:
    id = bought(shop)
    project()
    PersonKey.objects.update(wrapped=b"\x00" * 60)
    sentences = told(administrator.get(f"/orders/{id}/"))
    assert sentences[0].startswith("DeliveryFailed, which cannot be read here: ")
    assert sentences[3] == "Confirmed"
    # Who sees them masked needs no key.
    for query in ("", "?at_version=5"):
        answer = viewer.get(f"/orders/{id}/{query}")
        assert told(answer)[0].endswith("failed: ***")
    answer = administrator.get(f"/orders/{id}/?at_version=5")
    assert "Its events cannot be folded" in visitors.text(answer, 500)


def test_it_pages_through_what_happened(
    shop: Shop, administrator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(happened, "LISTED", 2)
    id = bought(shop)
    project()
    url = f"/orders/{id}/"
    seen: list[str] = []
    for count in (2, 2, 1):
        answer = administrator.get(url)
        assert len(told(answer)) == count
        seen += told(answer)
        earlier = re.findall(r'href="([^"]+)#happened-title"', visitors.page(answer))
        url = f"/orders/{id}/{earlier[0]}" if earlier else ""
    assert url == ""
    assert seen[-1].startswith("Placed 1 line")


def test_it_shows_all_of_a_long_order_when_asked(
    shop: Shop, viewer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order_page, "LISTED", 2)
    line = {"sku": "TEA", "name": "Tea", "quantity": 1, "unit_price": "5.00"}
    placed = shop.post(ORDERS, order(lines=[line] * 3)).json()["order_id"]
    project()
    short = visitors.page(viewer.get(f"/orders/{placed}/"))
    assert short.count('<tr id="line-') == 2
    assert "Total of all 3 lines" in short
    assert '<a href="?all=1">Everything: 3 lines, 0 shipments' in short
    every = visitors.page(viewer.get(f"/orders/{placed}/?all=1"))
    assert every.count('<tr id="line-') == 3


def test_it_asks_the_databases_as_often_for_a_long_order(
    shop: Shop, viewer: Client
) -> None:
    def statements(id: str) -> int:
        with (
            CaptureQueriesContext(connections["default"]) as log,
            CaptureQueriesContext(connections["read"]) as read,
        ):
            visitors.page(viewer.get(f"/orders/{id}/"))
        return len(log) + len(read)

    short, long = shop.place(), bought(shop)
    project()
    statements(short)  # the first look caches what there is of types of content
    assert statements(short) == statements(long) <= MOST_STATEMENTS
