from decimal import Decimal

import pytest

from orders.domain import commands, errors, events
from tests.unit.orders.builders import (
    CANCELLED,
    COMPLETED,
    CONFIRMED,
    DELIVERED,
    EXPIRED,
    capture,
    place,
    refund,
)
from tests.unit.orders.decider import AT, given

History = tuple[commands.OrderCommand, ...]


def captured(amount: str, *, reference: str = "ref-1") -> events.PaymentCaptured:
    return events.PaymentCaptured(
        amount=Decimal(amount), method="card", reference=reference
    )


@pytest.mark.parametrize("history", [(place(),), CONFIRMED, CANCELLED, EXPIRED])
def test_it_records_money_in_every_status(history: History) -> None:
    before = given(*history).state
    order = given(*history).when(capture("20")).then(captured("20.00"))
    assert order.captured == Decimal("20.00")
    assert order.payment_status == "partially_paid"
    assert order.status == before.status
    [payment] = order.payments
    assert (payment.amount, payment.method, payment.reference, payment.at) == (
        Decimal("20.00"),
        "card",
        "ref-1",
        AT,
    )


def test_it_takes_payments_up_to_the_total() -> None:
    part_paid = given(place(), capture("20.00"))
    order = part_paid.when(capture("30.00", reference="ref-2")).then(
        captured("30.00", reference="ref-2")
    )
    assert order.payment_status == "paid"


def test_it_refuses_a_capture_above_the_total() -> None:
    given(place(), capture("20.00")).when(
        capture("30.0001", reference="ref-2")
    ).refused(
        errors.OverCapture,
        code="over-capture",
        status=422,
        amount=Decimal("30.0001"),
        captured=Decimal("20.00"),
        total=Decimal("50.00"),
    )


def test_it_does_not_take_refunded_money_twice() -> None:
    given(place(), capture("50.00"), refund("50.00")).when(
        capture("1.00", reference="ref-2")
    ).refused(errors.OverCapture)


def test_it_counts_a_payment_reference_once() -> None:
    given(place(), capture("20.00")).when(capture("5.00")).refused(
        errors.DuplicatePayment,
        code="duplicate-payment",
        status=409,
    )


def test_it_names_the_duplicate_rather_than_the_amount_when_a_capture_is_repeated() -> (
    None
):
    given(place(), capture("50.00")).when(capture("50.00")).refused(
        errors.DuplicatePayment
    )


@pytest.mark.parametrize(
    "amount", ["0", "-1", "0.00001", "1E14", "1E+99999", "NaN", "sNaN", "Infinity"]
)
def test_it_refuses_amounts_that_no_payment_can_have(amount: str) -> None:
    paid = given(place(), capture("20.00"))
    for command in (capture(amount, reference="ref-2"), refund(amount)):
        decision = paid.when(command)
        assert isinstance(decision.refusal, errors.Invalid)
        assert [fault.pointer for fault in decision.refusal.faults] == ["/amount"]


def test_it_completes_a_delivered_order_when_it_is_paid() -> None:
    order = (
        given(*DELIVERED)
        .when(capture("50.00"))
        .then(captured("50.00"), events.OrderCompleted())
    )
    assert (order.status, order.version) == ("completed", 6)


def test_it_does_not_complete_a_delivered_order_that_is_paid_in_part() -> None:
    order = given(*DELIVERED).when(capture("49.99")).then(captured("49.99"))
    assert order.status == "confirmed"


@pytest.mark.parametrize("history", [(place(),), COMPLETED, CANCELLED])
def test_it_records_a_payment_failure_in_every_status(history: History) -> None:
    before = given(*history).state
    order = (
        given(*history)
        .when(
            commands.RecordPaymentFailure(
                amount=Decimal("5"), method="card", reason="declined"
            )
        )
        .then(
            events.PaymentFailed(
                amount=Decimal("5.00"), method="card", reason="declined"
            )
        )
    )
    assert order.version == before.version + 1
    assert order.captured == before.captured


@pytest.mark.parametrize("amount", ["-0.01", "NaN", "0.00001"])
def test_it_refuses_a_payment_failure_of_an_impossible_amount(amount: str) -> None:
    given(place()).when(
        commands.RecordPaymentFailure(
            amount=Decimal(amount), method="card", reason="declined"
        )
    ).refused(errors.Invalid)


@pytest.mark.parametrize("settle", [[], [commands.ConfirmOrder()]])
def test_it_refunds_what_was_captured(settle: list[commands.OrderCommand]) -> None:
    paid = given(place(), capture("20.00"), *settle)
    order = paid.when(refund("7.5")).then(
        events.PaymentRefunded(amount=Decimal("7.50"), reason="damaged")
    )
    assert order.refunded == Decimal("7.50")
    assert order.payment_status == "partially_refunded"
    [refunded] = order.refunds
    assert (refunded.amount, refunded.reason, refunded.at) == (
        Decimal("7.50"),
        "damaged",
        AT,
    )


def test_it_leaves_a_completed_order_completed_when_it_is_refunded() -> None:
    order = (
        given(*COMPLETED)
        .when(refund("50.00"))
        .then(events.PaymentRefunded(amount=Decimal("50.00"), reason="damaged"))
    )
    assert (order.status, order.payment_status) == ("completed", "refunded")


@pytest.mark.parametrize("history", [CANCELLED, EXPIRED])
def test_it_refunds_money_that_came_too_late(history: History) -> None:
    order = (
        given(*history, capture("50.00"))
        .when(refund("50.00"))
        .then(events.PaymentRefunded(amount=Decimal("50.00"), reason="damaged"))
    )
    assert order.payment_status == "refunded"


def test_it_refuses_a_refund_above_what_is_left() -> None:
    given(place(), capture("20.00"), refund("15.00")).when(refund("5.01")).refused(
        errors.OverRefund,
        code="over-refund",
        status=422,
        amount=Decimal("5.01"),
        refundable=Decimal("5.00"),
    )


def test_it_refuses_a_refund_where_nothing_was_captured() -> None:
    given(place()).when(refund("0.01")).refused(
        errors.OverRefund, refundable=Decimal("0.00")
    )
