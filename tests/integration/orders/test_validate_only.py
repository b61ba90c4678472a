"""`?validate_only=true` on commands: the answer without the deed."""

from uuid import uuid4

import pytest

from tests.integration.orders import shop as shops
from tests.integration.orders.replays import KEY, kept
from tests.integration.orders.shop import ORDERS, assert_problem, stored_events

TRY = "validate_only=true"


def shipped_and_delivered(shop) -> str:
    """An order that the last payment completes."""
    order_id = shop.confirmed()
    shop.change(order_id, "ship", {"carrier": "DHL", "tracking_number": "JD1"})
    shop.change(order_id, "mark-delivered", {"shipment_id": 1})
    return order_id


def test_it_tells_which_events_an_order_would_be(shop):
    answer = shop.post(f"{ORDERS}?{TRY}", shops.order())
    assert answer.status_code == 200
    assert answer.json() == {"valid": True, "events": ["OrderPlaced"]}
    assert "Location" not in answer
    assert stored_events() == 0


def test_it_tells_all_events_of_a_change_and_stores_none(shop):
    order_id = shipped_and_delivered(shop)
    before = stored_events()
    payment = {"amount": "50.00", "method": "card", "reference": "ch-1"}
    tried = shop.change(order_id, f"capture-payment?{TRY}", payment)
    assert tried.status_code == 200
    types = ["PaymentCaptured", "OrderCompleted"]
    assert tried.json() == {"valid": True, "events": types}
    assert stored_events() == before
    done = shop.change(order_id, "capture-payment", payment)
    assert [each["type"] for each in done.json()["events"]] == types


@pytest.mark.parametrize("with_key", [False, True])
def test_it_refuses_as_the_command_does(shop, with_key):
    order_id = shop.place()
    headers = {"Idempotency_Key": KEY} if with_key else {}
    for word, body, status, code in (
        (
            "ship",
            {"carrier": "a", "tracking_number": "b"},
            409,
            "not-allowed-in-status",
        ),
        ("remove-line", {"line_id": 1}, 422, "last-line"),
        ("add-note", {"text": ""}, 422, "invalid"),
        ("add-note", b"{", 400, "malformed-json"),
    ):
        answer = shop.change(order_id, f"{word}?{TRY}", body, **headers)
        assert_problem(answer, status, code)
    unknown = shop.change(str(uuid4()), f"confirm?{TRY}", **headers)
    assert_problem(unknown, 404, "unknown-order")
    other = shop.change(order_id, f"confirm?{TRY}", If_Match='"7"', **headers)
    assert_problem(other, 412, "version-mismatch")
    small = shop.post(f"{ORDERS}?{TRY}", shops.order(lines=[]), **headers)
    assert_problem(small, 422, "no-lines")
    taken = shop.post(f"{ORDERS}?{TRY}", shops.order(order_id=order_id), **headers)
    assert_problem(taken, 409, "order-exists")
    assert kept() == 0


def test_it_takes_no_key_and_looks_none_up(shop):
    """Not even one that no command would take."""
    for key in (KEY, "k" * 256):
        tried = shop.post(f"{ORDERS}?{TRY}", shops.order(), Idempotency_Key=key)
        assert tried.status_code == 200
    assert kept() == 0
    assert shop.post(ORDERS, shops.order(), Idempotency_Key=KEY).status_code == 201
    tried = shop.post(f"{ORDERS}?{TRY}", shops.order(), Idempotency_Key=KEY)
    assert tried.json()["valid"]
    assert "Idempotency-Replayed" not in tried


def test_false_stores_like_none(shop):
    answer = shop.post(f"{ORDERS}?validate_only=false", shops.order())
    assert answer.status_code == 201
    assert stored_events() == 1


@pytest.mark.parametrize(
    "query", ["validate_only=1", "validate_only=", "validate-only=true", f"{TRY}&{TRY}"]
)
def test_it_stores_nothing_where_the_parameter_is_misspelt(shop, query):
    assert_problem(shop.post(f"{ORDERS}?{query}", shops.order()), 422, "invalid")
    assert stored_events() == 0
