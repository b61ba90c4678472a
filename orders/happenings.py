"""What happened to an order, in one line for people to read.

`told` never has what may name a person: no note, address, reason or number of theirs.
Redis keeps its lines: who changes them raises the version of customer_timeline.
`told_in_full` has them: whoever may not see them gives it a masked event.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import assert_never

from orders.domain import events, money
from orders.domain import order as orders
from orders.domain.order import Order
from orders.domain.values import Address, LineQuantity

# Lines that a sentence names; an order may have 2,000.
NAMED = 3


def told(event: events.OrderEvent) -> str:
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
        case events.OrderConfirmed():
            return "Confirmed"
        case events.OrderCompleted():
            return "Completed"
        case events.OrderCancelled():
            return "Cancelled"
        case events.OrderExpired():
            return "Expired"
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
        case events.LinesCancelled():
            return f"Cancelled {_sum(event.lines)}"
        case events.LinesReturned():
            return f"Returned {_sum(event.lines)}"
        case events.PersonalTextsErased():
            return "Erased personal data"
        case _:
            assert_never(event)


def told_in_full(event: events.OrderEvent, *, order: Order) -> str:
    """With the currency, the names of lines and what the event says of persons:
    "Payment of 25.00 EUR captured by card, reference pay-1".

    order: the event's, at any version; a line that it has not is told by its number.
    """
    match event:
        case events.OrderPlaced():
            return _placed_in_full(event)
        case events.LineAdded():
            price = f"{money.to_text(event.unit_price)} {order.currency}"
            return f"Added {event.quantity} {event.name} at {price}"
        case events.LineQuantityChanged():
            return f"Changed {_name(event.line_id, order)} to {_units(event.quantity)}"
        case events.ShippingAddressChanged():
            return f"{told(event)} to {address(event.shipping_address)}"
        case events.NoteAdded():
            return f"{told(event)}: {event.text}"
        case events.PaymentCaptured():
            amount = f"{money.to_text(event.amount)} {order.currency}"
            by = f"{event.method}, reference {event.reference}"
            return f"Payment of {amount} captured by {by}"
        case events.PaymentFailed():
            amount = f"{money.to_text(event.amount)} {order.currency}"
            return f"Payment of {amount} by {event.method} failed: {event.reason}"
        case events.PaymentRefunded():
            return f"{told(event)} {order.currency}: {event.reason}"
        case events.ShipmentSent():
            by = f"{event.carrier}, tracking {event.tracking_number}"
            return f"Shipped {_parts(event.lines, order)} with {by}"
        case events.LinesCancelled():
            return f"Cancelled {_parts(event.lines, order)}: {event.reason}"
        case events.LinesReturned():
            return f"Returned {_parts(event.lines, order)}: {event.reason}"
        case events.OrderCancelled() | events.DeliveryFailed():
            return f"{told(event)}: {event.reason}"
        case (
            events.LineRemoved()
            | events.OrderConfirmed()
            | events.OrderCompleted()
            | events.OrderExpired()
            | events.ShipmentDelivered()
            | events.PersonalTextsErased()
        ):
            return told(event)
        case _:
            assert_never(event)


def address(given: Address) -> str:
    """On one line."""
    street = (given.name, given.line1, given.line2)
    town = (given.postal_code, given.city)
    parts = (*street, " ".join(filter(None, town)), given.region, given.country)
    return ", ".join(filter(None, parts))


def _placed(event: events.OrderPlaced) -> str:
    lines = "1 line" if len(event.lines) == 1 else f"{len(event.lines)} lines"
    total = sum((each.quantity * each.unit_price for each in event.lines), Decimal(0))
    return f"Placed {lines}, {money.to_text(total)} {event.currency}"


def _placed_in_full(event: events.OrderPlaced) -> str:
    sentence = _placed(event)
    if event.channel.kind != "unknown":
        sentence += f", through {event.channel.kind}"
        sentence += f" {event.channel.name}" if event.channel.name else ""
    if event.external_reference is not None:
        sentence += f", reference {event.external_reference}"
    return f"{sentence}; note: {event.note}" if event.note else sentence


def _parts(lines: Sequence[LineQuantity], order: Order) -> str:
    """ "2 of 3 Tea, 1 Mug and 4 units of other lines"."""
    named = [_part(each, order) for each in lines[:NAMED]]
    if rest := lines[NAMED:]:
        return f"{', '.join(named)} and {_sum(rest)} of other lines"
    return " and ".join(filter(None, (", ".join(named[:-1]), *named[-1:])))


def _part(part: LineQuantity, order: Order) -> str:
    index = orders.line_index(order, line_id=part.line_id)
    if index is None:
        return f"{part.quantity} of line {part.line_id}"
    line = order.lines[index]
    of = "" if line.quantity == part.quantity else f" of {line.quantity}"
    return f"{part.quantity}{of} {line.name}"


def _name(line_id: int, order: Order) -> str:
    index = orders.line_index(order, line_id=line_id)
    return f"line {line_id}" if index is None else order.lines[index].name


def _sum(lines: Iterable[LineQuantity]) -> str:
    return _units(sum(each.quantity for each in lines))


def _units(number: int) -> str:
    return "1 unit" if number == 1 else f"{number} units"
