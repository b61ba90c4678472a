"""The domain's rules, versions and scopes as problems, with their facts."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, connections, transaction
from django.test import Client
from django.utils import timezone

from api import keys
from api.models import ApiKey
from tests.integration.orders.shop import (
    LINE,
    ORDERS,
    Shop,
    assert_problem,
    events_of,
    order,
    stored_events,
)

PAYMENT = {"amount": "50.00", "method": "card", "reference": "r-1"}
SHIPMENT = {"carrier": "DHL", "tracking_number": "T1"}
ALL = [{"line_id": 1, "quantity": 10}]
TOO_MANY = [{"line_id": 1, "quantity": 11}]
WHY = {"reason": "because"}

# New orders: changes, code, facts.
PLACING = [
    ({"lines": []}, "no-lines", {}),
    ({"lines": [LINE] * 2001}, "too-many-lines", {"lines": 2001, "allowed": 2000}),
    ({"lines": [{}] * 250_000}, "too-many-lines", {"lines": 250_000}),
    (
        {"lines": [{**LINE, "quantity": 1, "unit_price": "9.9999"}]},
        "minimum-order-amount",
        {"total": "9.9999", "minimum": "10.00", "currency": "EUR"},
    ),
    (
        {"lines": [{**LINE, "quantity": 1_000_000, "unit_price": "9" * 14}] * 2000},
        "total-too-large",
        {},
    ),
]

# What comes before, word, body, status, code, facts.
CHANGES = [
    (["confirm"], "add-line", LINE, 409, "not-allowed-in-status", {}),
    (["confirm"], "confirm", {}, 409, "not-allowed-in-status", {}),
    ([], "ship", SHIPMENT, 409, "not-allowed-in-status", {"order_status": "pending"}),
    ([], "remove-line", {"line_id": 7}, 422, "unknown-line", {"line_id": 7}),
    ([], "remove-line", {"line_id": 1}, 422, "last-line", {"line_id": 1}),
    (
        [],
        "change-line-quantity",
        {"line_id": 1, "quantity": 1},
        422,
        "minimum-order-amount",
        {"total": "5.00"},
    ),
    (
        [("capture-payment", PAYMENT)],
        "change-line-quantity",
        {"line_id": 1, "quantity": 9},
        422,
        "below-captured",
        {"total": "45.00", "captured": "50.00"},
    ),
    (
        [],
        "capture-payment",
        {**PAYMENT, "amount": "50.0001"},
        422,
        "over-capture",
        {"amount": "50.0001", "captured": "0.00", "total": "50.00"},
    ),
    (
        [("capture-payment", {**PAYMENT, "amount": "1"})],
        "capture-payment",
        {**PAYMENT, "amount": "1"},
        409,
        "duplicate-payment",
        {},
    ),
    (
        [],
        "refund",
        {**WHY, "amount": "0.01"},
        422,
        "over-refund",
        {"refundable": "0.00"},
    ),
    (
        ["confirm"],
        "ship",
        {**SHIPMENT, "lines": TOO_MANY},
        422,
        "over-shipment",
        {"line_id": 1, "quantity": 11, "available": 10},
    ),
    (
        ["confirm", ("ship", SHIPMENT)],
        "ship",
        SHIPMENT,
        422,
        "nothing-to-ship",
        {},
    ),
    (["confirm"], "mark-delivered", {"shipment_id": 1}, 422, "unknown-shipment", {}),
    (
        ["confirm", ("ship", SHIPMENT), ("mark-delivered", {"shipment_id": 1})],
        "mark-delivered",
        {"shipment_id": 1},
        409,
        "already-delivered",
        {"shipment_id": 1},
    ),
    (
        ["confirm", ("ship", SHIPMENT)],
        "cancel",
        WHY,
        409,
        "already-shipped",
        {"units_shipped": 10},
    ),
    (
        ["confirm"],
        "cancel-lines",
        {**WHY, "lines": TOO_MANY},
        422,
        "over-cancellation",
        {"available": 10},
    ),
    (["confirm"], "cancel-lines", {**WHY, "lines": []}, 422, "no-lines", {}),
    (
        ["confirm"],
        "return-lines",
        {**WHY, "lines": ALL},
        422,
        "over-return",
        {"available": 0},
    ),
]


@pytest.mark.parametrize(("changes", "code", "facts"), PLACING)
def test_it_refuses_the_order_with_the_facts(shop, changes, code, facts):
    problem = assert_problem(shop.post(ORDERS, order(**changes)), 422, code)
    assert facts.items() <= problem.items()
    assert stored_events() == 0


@pytest.mark.parametrize(("before", "word", "body", "status", "code", "facts"), CHANGES)
def test_it_refuses_the_change_with_the_facts(
    shop, before, word, body, status, code, facts
):
    order_id = shop.place()
    for step in before:
        earlier, its_body = (step, {}) if isinstance(step, str) else step
        assert shop.change(order_id, earlier, its_body).status_code == 200
    stored = stored_events()
    problem = assert_problem(shop.change(order_id, word, body), status, code)
    assert facts.items() <= problem.items()
    assert stored_events() == stored


def test_an_order_is_placed_once(shop):
    order_id = shop.place()
    response = shop.post(ORDERS, order(order_id=order_id))
    assert assert_problem(response, 409, "order-exists")["version"] == 1
    assert stored_events() == 1


class TestIfMatch:
    def test_the_version_that_stands_is_taken(self, shop):
        order_id = shop.place()
        response = shop.change(order_id, "confirm", If_Match='"1"')
        assert response["ETag"] == '"2"'

    def test_another_version_is_refused_with_the_actual_one(self, shop):
        order_id = shop.confirmed()
        response = shop.change(order_id, "add-note", {"text": "x"}, If_Match='"1"')
        problem = assert_problem(response, 412, "version-mismatch")
        assert (problem["expected"], problem["actual"]) == (1, 2)
        assert response["ETag"] == '"2"'
        assert len(events_of(order_id)) == 2

    def test_an_unknown_order_is_unknown_whatever_the_version(self, shop):
        order_id = "018f7a5e-7c3b-7d64-9c55-3a1c9f3a2f10"
        response = shop.change(order_id, "confirm", If_Match='"1"')
        assert_problem(response, 404, "unknown-order")

    def test_a_new_order_has_no_version_to_match(self, shop):
        response = shop.post(ORDERS, order(), If_Match='"1"')
        assert assert_problem(response, 412, "version-mismatch")["actual"] == 0
        assert stored_events() == 0


class TestKeys:
    def refused(self, key: str | None) -> Client:
        return Client(headers={"Authorization": f"Bearer {key}"} if key else {})

    def test_without_a_key_nothing_is_read(self, database):
        response = Client().post(ORDERS, b"{", content_type="application/json")
        assert_problem(response, 401, "not-authenticated")

    @pytest.mark.parametrize("key", ["x", "cqrs_aaaaaaaa_" + "a" * 43])
    def test_a_wrong_key_is_refused(self, database, key):
        response = self.refused(key).post(ORDERS, order(), "application/json")
        assert_problem(response, 401, "bad-credentials")
        assert stored_events() == 0

    def test_an_expired_key_is_refused(self, shop):
        ApiKey.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        assert_problem(shop.post(ORDERS, order()), 401, "bad-credentials")

    def test_a_revoked_key_is_refused_at_once(self, shop):
        shop.place()
        keys.revoke("shop-orders:write")
        assert_problem(shop.post(ORDERS, order()), 401, "bad-credentials")
        assert stored_events() == 1

    def test_the_scope_is_needed_for_every_command(self, shop):
        from orders.web import command_routes

        reader = Shop(scopes=("orders:read", "orders:import", "ops:write"))
        order_id = shop.place()
        assert_problem(reader.post(ORDERS, order()), 403, "wrong-scope")
        for route in command_routes.CHANGES:
            response = reader.change(order_id, route.word, dict(route.example))
            assert_problem(response, 403, "wrong-scope")
        assert stored_events() == 1


def test_a_database_that_takes_too_long_is_503(shop):
    order_id = shop.place()
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = '200ms'")
    held, done = threading.Event(), threading.Event()

    def hold_the_table() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("LOCK TABLE eventstore_event IN ACCESS EXCLUSIVE MODE")
            held.set()
            done.wait(10)
        connections.close_all()

    holder = threading.Thread(target=hold_the_table)
    holder.start()
    try:
        assert held.wait(10)
        response = shop.change(order_id, "confirm")
    finally:
        done.set()
        holder.join()
    assert_problem(response, 503, "database-unavailable")
    assert int(response["Retry-After"]) >= 1
    assert len(events_of(order_id)) == 1


def test_of_many_captures_at_once_one_is_taken(shop):
    order_id = shop.place()
    answers = []

    def capture(number: int) -> None:
        body = {**PAYMENT, "reference": f"r-{number}"}
        answers.append(shop.change(order_id, "capture-payment", body))
        connections.close_all()

    threads = [threading.Thread(target=capture, args=(n,)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    codes = sorted(answer.json().get("code", "") for answer in answers)
    assert codes.count("") == 1
    assert set(codes) <= {"", "over-capture", "version-conflict"}
    types = [event.type for event in events_of(order_id)]
    assert types == ["OrderPlaced", "PaymentCaptured"]
