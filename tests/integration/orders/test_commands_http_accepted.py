"""Every command is taken, stored and answered as documented."""

import uuid

import pytest
from django.contrib.auth.models import User
from django.test import Client

from eventstore import tokens
from tests.integration.orders.shop import ADDRESS, LINE, ORDERS, events_of, order

PAYMENT = {"amount": "50.00", "method": "card", "reference": "r-1"}
SHIPMENT = {"carrier": "DHL", "tracking_number": "T1"}
ONE = [{"line_id": 1, "quantity": 1}]
WHY = {"reason": "changed my mind"}

# Word, what comes before it, body, the types of the events that it stores.
COMMANDS = [
    ("add-line", [], LINE, ["LineAdded"]),
    (
        "change-line-quantity",
        [],
        {"line_id": 1, "quantity": 3},
        ["LineQuantityChanged"],
    ),
    ("remove-line", [("add-line", LINE)], {"line_id": 2}, ["LineRemoved"]),
    (
        "change-shipping-address",
        [],
        {"shipping_address": {**ADDRESS, "line2": "Flat 2"}},
        ["ShippingAddressChanged"],
    ),
    ("add-note", [], {"text": "Ring twice.\nThen wait."}, ["NoteAdded"]),
    ("confirm", [], {}, ["OrderConfirmed"]),
    ("capture-payment", [], PAYMENT, ["PaymentCaptured"]),
    (
        "record-payment-failure",
        [],
        {"amount": "50.00", "method": "card", "reason": "expired"},
        ["PaymentFailed"],
    ),
    ("ship", [("confirm", {})], SHIPMENT, ["ShipmentSent"]),
    ("ship", [("confirm", {})], {**SHIPMENT, "lines": ONE}, ["ShipmentSent"]),
    (
        "mark-delivered",
        [("confirm", {}), ("ship", SHIPMENT)],
        {"shipment_id": 1},
        ["ShipmentDelivered"],
    ),
    (
        "mark-delivered",
        [("confirm", {}), ("ship", SHIPMENT), ("capture-payment", PAYMENT)],
        {"shipment_id": 1},
        ["ShipmentDelivered", "OrderCompleted"],
    ),
    (
        "record-delivery-failure",
        [("confirm", {}), ("ship", SHIPMENT)],
        {"shipment_id": 1, "reason": "nobody at home"},
        ["DeliveryFailed"],
    ),
    ("cancel", [], WHY, ["OrderCancelled"]),
    ("cancel-lines", [("confirm", {})], {**WHY, "lines": ONE}, ["LinesCancelled"]),
    ("expire", [], {}, ["OrderExpired"]),
    (
        "return-lines",
        [("confirm", {}), ("ship", SHIPMENT)],
        {**WHY, "lines": ONE},
        ["LinesReturned"],
    ),
    (
        "refund",
        [("capture-payment", PAYMENT)],
        {**WHY, "amount": "0.0001"},
        ["PaymentRefunded"],
    ),
]


def test_it_places_an_order(shop):
    response = shop.post(ORDERS, order(note="Ring twice", external_reference="A-1"))
    body = response.json()
    id = uuid.UUID(body["order_id"])
    (event,) = events_of(body["order_id"])
    assert response.status_code == 201
    assert id.version == 7
    assert body == {
        "order_id": str(id),
        "version": 1,
        "position": event.position,
        "events": [
            {
                "event_id": str(event.event_id),
                "type": "OrderPlaced",
                "version": 1,
                "position": event.position,
            }
        ],
        "consistency_token": response["Consistency-Token"],
    }
    assert response["ETag"] == '"1"'
    assert response["Location"] == f"/api/v1/queries/orders/{id}"
    token = tokens.parse(response["Consistency-Token"])
    assert (token.stream, token.version) == (f"order-{id}", 1)
    assert token.position == event.position
    assert event.data.order_id == id
    assert event.data.note == "Ring twice"
    assert [line.line_id for line in event.data.lines] == [1]


@pytest.mark.parametrize(
    ("body", "stored"),
    [
        ({}, {"kind": "api"}),
        ({"channel": {"kind": "web"}}, {"kind": "web"}),
        (
            {"channel": {"kind": "store", "name": "Bath"}},
            {"kind": "store", "name": "Bath"},
        ),
    ],
)
def test_it_stores_how_an_order_came(shop, body, stored):
    (event,) = events_of(shop.place(**body))
    envelope = event.envelope(stored=True)
    assert (envelope["schema_version"], envelope["data"]["channel"]) == (2, stored)


def test_it_takes_the_callers_order_id(shop):
    id = "018F7A5E-7C3B-4D64-9C55-3A1C9F3A2F10"
    response = shop.post(ORDERS, order(order_id=id))
    assert response.json()["order_id"] == id.lower()
    assert len(events_of(id.lower())) == 1


@pytest.mark.parametrize(("word", "before", "body", "types"), COMMANDS)
def test_it_takes_the_command(shop, word, before, body, types):
    order_id = shop.place()
    for earlier, its_body in before:
        assert shop.change(order_id, earlier, its_body).status_code == 200
    response = shop.change(order_id, word, body)
    answer = response.json()
    assert response.status_code == 200, answer
    stored = events_of(order_id)[-len(types) :]
    assert [event.type for event in stored] == types
    assert answer["events"] == [
        {
            "event_id": str(event.event_id),
            "type": event.type,
            "version": event.version,
            "position": event.position,
        }
        for event in stored
    ]
    version = 1 + len(before) + len(types)
    assert (answer["order_id"], answer["version"]) == (order_id, version)
    assert answer["position"] == stored[-1].position
    assert response["ETag"] == f'"{version}"'
    assert response["Consistency-Token"] == answer["consistency_token"]
    assert not response.has_header("Location")


def test_the_table_of_these_tests_names_every_command():
    from orders.web import command_routes

    assert {word for word, *_ in COMMANDS} == {r.word for r in command_routes.CHANGES}


def test_a_command_without_members_needs_no_body(shop):
    order_id = shop.place()
    response = shop.http.generic("POST", f"{ORDERS}/{order_id}/confirm")
    assert response.status_code == 200


def test_the_id_in_the_path_may_be_in_capitals(shop):
    order_id = shop.place()
    assert shop.change(order_id.upper(), "confirm").json()["order_id"] == order_id


def test_it_keeps_who_asked_in_the_events(shop):
    traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    order_id = shop.place()
    shop.change(order_id, "confirm", X_Request_ID="r-7", traceparent=traceparent)
    metadata = events_of(order_id)[-1].metadata
    assert metadata["actor"] == "key:shop-orders:write"
    assert metadata["source"] == "api"
    assert metadata["request_id"] == "r-7"
    assert metadata["traceparent"] == traceparent
    assert metadata["customer_id"] == "customer-1"


def test_staff_may_send_commands_from_a_session(shop):
    order_id = shop.place()
    user = User.objects.create_user("ada", password="x", is_staff=True)
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    url = f"{ORDERS}/{order_id}/confirm"
    assert client.generic("POST", url).status_code == 403
    client.cookies["csrftoken"] = token = "a" * 32
    assert (
        client.generic("POST", url, headers={"X-CSRFToken": token}).status_code == 200
    )
    assert events_of(order_id)[-1].metadata["actor"] == "user:ada"


def test_it_takes_an_order_of_2000_lines(shop):
    response = shop.post(ORDERS, order(lines=[LINE] * 2000))
    assert response.status_code == 201
    (event,) = events_of(response.json()["order_id"])
    assert event.data.lines[-1].line_id == 2000


def test_it_takes_texts_at_their_limits(shop):
    address = {
        **dict.fromkeys(("name", "line1", "line2", "city", "region"), "x" * 200),
        "postal_code": "p" * 200,
        "country": "c" * 64,
    }
    line = {"sku": "s" * 64, "name": "😀" * 200, "quantity": 1_000_000}
    body = order(
        customer_id="c" * 64,
        external_reference="e" * 64,
        note="n" * 2000,
        shipping_address=address,
        lines=[{**line, "unit_price": "99999999.9999"}],
    )
    response = shop.post(ORDERS, body)
    assert response.status_code == 201
    (event,) = events_of(response.json()["order_id"])
    assert event.data.lines[0].name == "😀" * 200
