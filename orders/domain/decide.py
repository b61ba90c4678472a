"""Every rule of an order: which events a command leads to, or why it is refused."""

from datetime import datetime
from typing import assert_never

from orders.domain import (
    closing,
    commands,
    errors,
    events,
    evolve,
    payments,
    placing,
    shipping,
    wellformed,
)
from orders.domain.axes import Status
from orders.domain.order import Order
from orders.domain.rules import Rules


def decide(
    order: Order | None,
    command: commands.OrderCommand | commands.ErasePersonalTexts,
    *,
    at: datetime,
    rules: Rules,
) -> list[events.OrderEvent]:
    """The events that the command leads to at the time `at`; at least one.

    Raises an errors.OrderError: first for values that no order takes (Invalid), then
    for the order's state (404, 409), then for lines and shipments that are not there,
    then for numbers that do not add up.
    """
    if isinstance(command, commands.ErasePersonalTexts):
        return _erase(order)
    wellformed.require(command)
    if isinstance(command, commands.PlaceOrder):
        if order is not None:
            raise errors.OrderExists(version=order.version)
        return [placing.place(command, rules=rules)]
    if order is None:
        raise errors.UnknownOrder()
    event = _decide(order, command, rules)
    return [event, *completion(evolve.evolve(order, event, at=at))]


def _erase(order: Order | None) -> list[events.OrderEvent]:
    # Whatever the order says: its texts are gone from the log when it is asked.
    if order is None:
        raise errors.UnknownOrder()
    return [events.PersonalTextsErased()]


def completion(order: Order) -> list[events.OrderEvent]:
    """[OrderCompleted()] if the order is to be completed as it stands, else []."""
    if order.status is Status.CONFIRMED and order.is_fulfilled_and_paid:
        return [events.OrderCompleted()]
    return []


def _decide(
    order: Order, command: commands.ChangeOrder, rules: Rules
) -> events.OrderChanged:
    match command:
        case commands.AddLine():
            return placing.add_line(order, command, rules=rules)
        case commands.ChangeLineQuantity():
            return placing.change_line_quantity(order, command, rules=rules)
        case commands.RemoveLine():
            return placing.remove_line(order, command, rules=rules)
        case commands.ChangeShippingAddress():
            return placing.change_shipping_address(order, command)
        case commands.AddNote():
            return events.NoteAdded(text=command.text)
        case commands.ConfirmOrder():
            return closing.confirm(order)
        case commands.CapturePayment():
            return payments.capture(order, command)
        case commands.RecordPaymentFailure():
            return payments.record_failure(command)
        case commands.ShipOrder():
            return shipping.ship(order, command)
        case commands.MarkDelivered():
            return shipping.mark_delivered(order, command)
        case commands.RecordDeliveryFailure():
            return shipping.record_delivery_failure(order, command)
        case commands.CancelOrder():
            return closing.cancel(order, command)
        case commands.CancelLines():
            return closing.cancel_lines(order, command)
        case commands.ExpireOrder():
            return closing.expire(order)
        case commands.ReturnLines():
            return shipping.return_lines(order, command)
        case commands.RefundPayment():
            return payments.refund(order, command)
        case _:
            assert_never(command)
