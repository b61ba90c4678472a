"""What is kept under an Idempotency-Key: what was decided, and nothing else."""

import json
from contextlib import contextmanager
from functools import partial
from uuid import uuid4

import pytest
from django.db import connection

from eventstore import store
from tests.integration.eventstore import sessions
from tests.integration.orders import shop as shops
from tests.integration.orders.replays import KEY, assert_replay, kept
from tests.integration.orders.shop import LINE, ORDERS, assert_problem, stored_events

SHIPMENT = {"carrier": "DHL", "tracking_number": "JD1"}
PAYMENT = {"amount": "50.00", "method": "card", "reference": "ch-1"}


def test_it_keeps_a_refusal_by_the_state_of_the_order(shop):
    """It comes again though it is true no more: only a new key asks again."""
    order_id = shop.place()
    ship = partial(shop.change, order_id, "ship", SHIPMENT)
    first = ship(Idempotency_Key=KEY)
    assert_problem(first, 409, "not-allowed-in-status")
    shop.change(order_id, "confirm")
    again = ship(Idempotency_Key=KEY)
    assert_replay(again, first)
    assert again["Content-Type"] == "application/problem+json"
    assert ship(Idempotency_Key="k-2").status_code == 200


@pytest.mark.parametrize(
    ("word", "body", "status", "code"),
    [
        ("", shops.order(lines=[{**LINE, "quantity": 1}]), 422, "minimum-order-amount"),
        ("", shops.order(lines=[]), 422, "no-lines"),
        ("remove-line", {"line_id": 1}, 422, "last-line"),
        ("remove-line", {"line_id": 9}, 422, "unknown-line"),
        ("capture-payment", {**PAYMENT, "reference": "ch-2"}, 422, "over-capture"),
        ("capture-payment", PAYMENT, 409, "duplicate-payment"),
    ],
)
def test_it_keeps_a_refusal_by_a_rule(shop, word, body, status, code):
    url = ORDERS
    if word:
        order_id = shop.place()
        shop.change(order_id, "capture-payment", PAYMENT)
        url = f"{ORDERS}/{order_id}/{word}"
    before = stored_events()
    first = shop.post(url, body, Idempotency_Key=KEY)
    assert_problem(first, status, code)
    assert_replay(shop.post(url, body, Idempotency_Key=KEY), first)
    assert (stored_events(), kept()) == (before, 1)


def test_it_keeps_that_an_order_exists(shop):
    body = shops.order(order_id=str(uuid4()))
    shop.post(ORDERS, body)
    first = shop.post(ORDERS, body, Idempotency_Key=KEY)
    assert_problem(first, 409, "order-exists")
    assert_replay(shop.post(ORDERS, body, Idempotency_Key=KEY), first)


NOTE = {"text": "Ring twice"}
NOT_KEPT = [
    (400, "malformed-json", b"{", {}),
    (400, "bad-if-match", NOTE, {"If-Match": "3"}),
    (401, "bad-credentials", NOTE, {"Authorization": "Bearer cqrs_a_b"}),
    (412, "version-mismatch", NOTE, {"If-Match": '"7"'}),
    (413, "too-large", json.dumps({"text": "a" * 1024 * 1024}).encode(), {}),
    (422, "invalid", {"text": ""}, {}),
    (422, "invalid", {}, {}),
    (422, "invalid", b"[]", {}),
]


@pytest.mark.parametrize(
    ("status", "code", "body", "headers"), NOT_KEPT, ids=lambda each: str(each)[:20]
)
def test_it_keeps_nothing_of_a_request_that_was_not_decided(
    shop, status, code, body, headers
):
    order_id = shop.place()
    named = {name.replace("-", "_"): value for name, value in headers.items()}
    refused = shop.change(order_id, "add-note", body, Idempotency_Key=KEY, **named)
    assert_problem(refused, status, code)
    assert_key_is_free(shop, order_id)


def test_it_keeps_nothing_of_a_key_without_the_scope(shop):
    order_id = shop.place()
    reader = shops.Shop(scopes=("orders:read",))
    refused = reader.change(order_id, "add-note", NOTE, Idempotency_Key=KEY)
    assert_problem(refused, 403, "wrong-scope")
    assert kept() == 0


def test_it_keeps_nothing_of_an_unknown_order(shop):
    order_id = str(uuid4())
    refused = shop.change(order_id, "add-note", NOTE, Idempotency_Key=KEY)
    assert_problem(refused, 404, "unknown-order")
    assert kept() == 0
    shop.place(order_id=order_id)
    assert_key_is_free(shop, order_id)


def test_it_decides_again_after_a_conflict_and_keeps_one_answer(shop):
    order_id = shop.place()
    with winners(order_id, at_most=2):
        first = shop.change(order_id, "add-note", NOTE, Idempotency_Key=KEY)
    assert (first.status_code, first.json()["version"]) == (200, 4)
    again = shop.change(order_id, "add-note", NOTE, Idempotency_Key=KEY)
    assert_replay(again, first)
    assert store.version_of(f"order-{order_id}") == 4


def test_it_keeps_nothing_when_its_attempts_are_used_up(shop):
    order_id = shop.place()
    with winners(order_id, at_most=100):
        refused = shop.change(order_id, "add-note", NOTE, Idempotency_Key=KEY)
    assert_problem(refused, 409, "version-conflict")
    assert_key_is_free(shop, order_id)


def test_it_keeps_nothing_when_the_database_takes_too_long(shop):
    order_id = shop.place()
    with sessions.opened() as open_session:
        open_session().execute("LOCK TABLE eventstore_event")
        connection.cursor().execute("SET statement_timeout = '100ms'")
        try:
            late = shop.change(order_id, "add-note", NOTE, Idempotency_Key=KEY)
        finally:
            connection.cursor().execute("RESET statement_timeout")
    assert_problem(late, 503, "database-unavailable")
    assert_key_is_free(shop, order_id)


def test_it_keeps_nothing_of_an_unexpected_error(shop):
    """Not its events either, which were stored before the error."""
    order_id = shop.place()

    def breaks(execute, sql, *rest):
        done = execute(sql, *rest)
        if "INSERT INTO eventstore_event" in sql:
            raise ZeroDivisionError
        return done

    with connection.execute_wrapper(breaks):
        failed = shop.change(order_id, "add-note", NOTE, Idempotency_Key=KEY)
    assert_problem(failed, 500, "internal-error")
    assert stored_events() == 1
    assert_key_is_free(shop, order_id)


def assert_key_is_free(shop, order_id: str) -> None:
    """The key of the request that failed is good for one that does not."""
    assert kept() == 0
    done = shop.change(order_id, "add-note", NOTE, Idempotency_Key=KEY)
    assert done.status_code == 200, done.content
    assert "Idempotency-Replayed" not in done
    assert kept() == 1


@contextmanager
def winners(order_id: str, *, at_most: int):
    """Somebody else stores the next event of the order just before each append."""
    stream, left = f"order-{order_id}", [at_most]
    with sessions.opened() as open_session:
        other = open_session(autocommit=True)

        def first(execute, sql, *rest):
            if "INSERT INTO eventstore_event" in sql and left[0]:
                left[0] -= 1
                other.append(stream, store.version_of(stream) + 1)
            return execute(sql, *rest)

        with connection.execute_wrapper(first):
            yield
