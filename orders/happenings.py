"""What happened to an order, in one line for people to read.

A line never has what may name a person: no note, address, reason or number of theirs.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from orders.domain import events, money
from orders.domain.values import LineQuantity

_WITHOUT_DETAILS = (
    events.OrderConfirmed
    | events.OrderCompleted
    | events.OrderExpired
    | events.OrderCancelled
)


def told(event: Any) -> str:
    """Of an order's event struct: "Placed 2 lines, 12.50 EUR"."""
    match event:
        case events.OrderPlaced():
            return _placed(event)
        case events.LineAdded():
            return f"Added {event.quantity} of {event.sku}"
        case events.LineQuantityChanged():
            return f"Changed line {event.line_id} to {_units(event.quantity)}"
        case events.LineRemoved():
            return f"Removed line {event.line_id}"
        case events.ShippingAddressChanged():
            return "Changed the shipping address"
        case events.NoteAdded():
            return "Added a note"
        case events.LinesCancelled():
            return f"Cancelled {_sum(event.lines)}"
        case events.LinesReturned():
            return f"Returned {_sum(event.lines)}"
        case events.PersonalTextsErased():
            return "Erased personal data"
    if isinstance(event, _WITHOUT_DETAILS):
        return type(event).__name__.removeprefix("Order")
    return _paid_or_shipped(event)


def _paid_or_shipped(event: Any) -> str:
    """Raises TypeError for the struct of no order's event."""
    match event:
        case events.PaymentCaptured():
            return f"Paid {money.to_text(event.amount)} by {event.method}"
        case events.PaymentFailed():
            amount = money.to_text(event.amount)
            return f"Payment of {amount} by {event.method} failed"
        case events.PaymentRefunded():
            return f"Refunded {money.to_text(event.amount)}"
        case events.ShipmentSent():
            return f"Shipped {_sum(event.lines)} by {event.carrier}"
        case events.ShipmentDelivered():
            return f"Delivered shipment {event.shipment_id}"
        case events.DeliveryFailed():
            return f"Delivery of shipment {event.shipment_id} failed"
    raise TypeError(f"{type(event).__name__} is no event of an order")


def _placed(event: events.OrderPlaced) -> str:
    lines = "1 line" if len(event.lines) == 1 else f"{len(event.lines)} lines"
    total = sum((each.quantity * each.unit_price for each in event.lines), Decimal(0))
    return f"Placed {lines}, {money.to_text(total)} {event.currency}"


def _sum(lines: Sequence[LineQuantity]) -> str:
    return _units(sum(each.quantity for each in lines))


def _units(number: int) -> str:
    return "1 unit" if number == 1 else f"{number} units"
