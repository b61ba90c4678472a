"""The refusals of the domain and the log as problems, with examples."""

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from api.problems import Fault, Problem
from orders.domain import errors, money
from orders.domain.axes import Status
from orders.domain.errors import OrderError
from projections.web import refusals


@contextmanager
def as_problems() -> Iterator[None]:
    """Raises Problem for what the domain and the log refuse."""
    with refusals.as_problems():
        try:
            yield
        except OrderError as refusal:
            raise from_domain(refusal) from refusal


def problem_of(refusal: Exception) -> Problem:
    """The problem that a refusal stands for. Raises what is no refusal."""
    try:
        with as_problems():
            raise refusal
    except Problem as problem:
        return problem


def from_domain(refusal: OrderError) -> Problem:
    """Its facts become members of the problem."""
    if isinstance(refusal, errors.Invalid):
        faults = [Fault(f.pointer, "invalid", f.detail) for f in refusal.faults]
        return Problem(
            status=refusal.status,
            code=refusal.code,
            detail=refusal.detail,
            errors=faults,
        )
    return Problem(
        status=refusal.status,
        code=refusal.code,
        detail=refusal.detail,
        members=_facts(refusal),
    )


def _facts(refusal: OrderError) -> dict[str, Any]:
    facts = {
        fact.name: getattr(refusal, fact.name)
        for fact in dataclasses.fields(refusal)  # type: ignore[arg-type]
    }
    return {
        name: money.to_text(value) if isinstance(value, Decimal) else value
        for name, value in facts.items()
    }


NO_LINES = errors.NoLines()
TOO_MANY_LINES = errors.TooManyLines(lines=2001, allowed=2000)
TOTAL_TOO_LARGE = errors.TotalTooLarge(total=money.LIMIT)
NOT_PENDING = errors.NotAllowedInStatus(
    order_status=Status.CONFIRMED, needed="a pending order"
)
NOT_CONFIRMED = errors.NotAllowedInStatus(
    order_status=Status.PENDING, needed="a confirmed order"
)
NOT_OPEN = errors.NotAllowedInStatus(
    order_status=Status.COMPLETED, needed="a pending or confirmed order"
)
ALREADY_SHIPPED = errors.AlreadyShipped(units_shipped=2)
UNKNOWN_LINE = errors.UnknownLine(line_id=7)
LAST_LINE = errors.LastLine(line_id=1)
NOTHING_TO_SHIP = errors.NothingToShip()
OVER_SHIPMENT = errors.OverShipment(line_id=1, quantity=3, available=2)
OVER_CANCELLATION = errors.OverCancellation(line_id=1, quantity=3, available=2)
OVER_RETURN = errors.OverReturn(line_id=1, quantity=3, available=2)
DUPLICATE_PAYMENT = errors.DuplicatePayment()
OVER_REFUND = errors.OverRefund(amount=Decimal("20.00"), refundable=Decimal("15.00"))
MINIMUM_ORDER_AMOUNT = errors.MinimumOrderAmount(
    total=Decimal("7.50"), minimum=Decimal("10.00"), currency="EUR"
)
BELOW_CAPTURED = errors.BelowCaptured(total=Decimal("10.00"), captured=Decimal("15.00"))
OVER_CAPTURE = errors.OverCapture(
    amount=Decimal("5.00"), captured=Decimal("15.00"), total=Decimal("15.00")
)

PLACING = (
    NO_LINES,
    TOO_MANY_LINES,
    MINIMUM_ORDER_AMOUNT,
    TOTAL_TOO_LARGE,
    errors.OrderExists(version=3),
)
EDITING = (
    NOT_PENDING,
    ALREADY_SHIPPED,
    UNKNOWN_LINE,
    MINIMUM_ORDER_AMOUNT,
    BELOW_CAPTURED,
)
DELIVERING = (
    errors.UnknownShipment(shipment_id=7),
    errors.AlreadyDelivered(shipment_id=1),
)
