from decimal import Decimal

import pytest

from orders.domain import commands, decide, errors, events
from orders.domain.commands import CancelOrder, ConfirmOrder, ExpireOrder
from tests.unit.orders.builders import (
    CANCELLED,
    COMPLETED,
    CONFIRMED,
    EXPIRED,
    SHIPPED,
    cancel_lines,
    capture,
    deliver,
    place,
    refund,
    return_lines,
    ship,
    units,
)
from tests.unit.orders.decider import given

History = tuple[commands.OrderCommand, ...]
SENT = events.ShipmentSent(
    shipment_id=1, carrier="import", tracking_number="p", lines=units(line1=10)
)
DELIVERED = events.ShipmentDelivered(shipment_id=1)


def cancelled(**quantities: int) -> events.LinesCancelled:
    return events.LinesCancelled(lines=units(**quantities), reason="sold out")


@pytest.mark.parametrize("history", [(place(),), CONFIRMED])
def test_it_cancels_an_order_and_keeps_its_money(history: History) -> None:
    order = (
        given(*history, capture("20.00"))
        .when(CancelOrder(reason="late"))
        .then(events.OrderCancelled(reason="late"))
    )
    assert (order.status, order.payment_status) == ("cancelled", "partially_paid")
    assert order.fulfillment_status == "unfulfilled"


@pytest.mark.parametrize("history", [COMPLETED, CANCELLED, EXPIRED])
def test_it_cancels_only_open_orders(history: History) -> None:
    given(*history).when(CancelOrder(reason="late")).refused(
        errors.NotAllowedInStatus, code="not-allowed-in-status", status=409
    )


def test_it_does_not_cancel_what_is_shipped() -> None:
    for history in (SHIPPED, (place(), SENT)):
        given(*history).when(CancelOrder(reason="late")).refused(
            errors.AlreadyShipped, code="already-shipped", status=409, units_shipped=10
        )


def test_it_cancels_units_of_lines() -> None:
    order = given(*CONFIRMED).when(cancel_lines(line1=4)).then(cancelled(line1=4))
    [line] = order.lines
    assert (line.quantity, line.cancelled, line.total) == (10, 4, Decimal("30.00"))
    assert (order.total, order.units_ordered) == (Decimal("30.00"), 6)
    assert order.status == "confirmed"


def test_it_cancels_below_the_minimum() -> None:
    order = given(*CONFIRMED).when(cancel_lines(line1=9)).then(cancelled(line1=9))
    assert order.total == Decimal("5.00")


def test_it_refuses_to_cancel_units_that_are_shipped() -> None:
    given(*CONFIRMED, ship(units(line1=6)), cancel_lines(line1=1)).when(
        cancel_lines(line1=4)
    ).refused(
        errors.OverCancellation,
        code="over-cancellation",
        status=422,
        line_id=1,
        quantity=4,
        available=3,
    )


def test_it_adds_up_the_cancelled_units_of_one_line() -> None:
    both = commands.CancelLines(
        lines=(*units(line1=6), *units(line1=5)), reason="sold out"
    )
    given(*CONFIRMED).when(both).refused(errors.OverCancellation, quantity=11)


def test_it_does_not_cancel_below_what_is_captured_less_refunded() -> None:
    paid = given(*CONFIRMED, capture("50.00"), refund("20.00"))
    paid.when(cancel_lines(line1=5)).refused(
        errors.BelowCaptured,
        code="below-captured",
        total=Decimal("25.00"),
        captured=Decimal("30.00"),
    )
    paid.when(cancel_lines(line1=4)).then(cancelled(line1=4))


def test_it_names_the_unknown_line_before_numbers_that_do_not_add_up() -> None:
    given(*CONFIRMED).when(cancel_lines(line1=99, line2=1)).refused(
        errors.UnknownLine, code="unknown-line", line_id=2
    )
    given(*CONFIRMED).when(cancel_lines()).refused(errors.NoLines)


@pytest.mark.parametrize("history", [(place(),), COMPLETED, CANCELLED, EXPIRED])
def test_it_cancels_lines_only_of_confirmed_orders(history: History) -> None:
    given(*history).when(cancel_lines(line9=1)).refused(errors.NotAllowedInStatus)


def test_it_completes_an_order_when_what_is_left_is_delivered_and_paid() -> None:
    waiting = given(*CONFIRMED, ship(units(line1=6)), deliver(), capture("30.00"))
    assert waiting.state.status == "confirmed"
    order = waiting.when(cancel_lines(line1=4)).then(
        cancelled(line1=4), events.OrderCompleted()
    )
    assert (order.status, order.fulfillment_status, order.payment_status) == (
        "completed",
        "delivered",
        "paid",
    )


def test_it_completes_an_order_of_which_everything_is_cancelled() -> None:
    order = (
        given(*CONFIRMED)
        .when(cancel_lines(line1=10))
        .then(cancelled(line1=10), events.OrderCompleted())
    )
    assert (order.status, order.fulfillment_status, order.total) == (
        "completed",
        "unfulfilled",
        Decimal("0.00"),
    )


def test_it_expires_a_pending_order() -> None:
    order = given(place()).when(ExpireOrder()).then(events.OrderExpired())
    assert order.status == "expired"


@pytest.mark.parametrize("history", [CONFIRMED, COMPLETED, CANCELLED, EXPIRED])
def test_it_expires_only_pending_orders(history: History) -> None:
    given(*history).when(ExpireOrder()).refused(errors.NotAllowedInStatus)


@pytest.mark.parametrize("back", [(), (refund("5.00"),)])
def test_it_does_not_expire_an_order_with_money_on_it(back: History) -> None:
    given(place(), capture("5.00"), *back).when(ExpireOrder()).refused(
        errors.NotAllowedInStatus, code="not-allowed-in-status", status=409
    )


def test_it_does_not_expire_what_history_shipped_early() -> None:
    given(place(), SENT).when(ExpireOrder()).refused(errors.AlreadyShipped)


def test_it_completes_imported_history_when_it_is_confirmed() -> None:
    order = (
        given(place(), capture("50.00"), SENT, DELIVERED)
        .when(ConfirmOrder())
        .then(events.OrderConfirmed(), events.OrderCompleted())
    )
    assert order.status == "completed"


def test_it_tells_importers_when_an_order_is_complete() -> None:
    pending = given(place(), capture("50.00"), SENT, DELIVERED).state
    confirmed = given(
        place(), capture("50.00"), SENT, DELIVERED, events.OrderConfirmed()
    ).state
    completed = given(*COMPLETED).state
    assert decide.completion(pending) == []
    assert decide.completion(confirmed) == [events.OrderCompleted()]
    assert decide.completion(completed) == []


def test_it_completes_an_order_though_units_came_back_before() -> None:
    order = (
        given(*SHIPPED, return_lines(line1=10), capture("50.00"))
        .when(deliver())
        .then(DELIVERED, events.OrderCompleted())
    )
    assert order.fulfillment_status == "returned"
