"""Folds events into an Order.

Judges nothing: history that `decide` would refuse (shipped before it was confirmed,
refunded after it expired) folds as it happened.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from typing import assert_never

from msgspec import structs

from orders.domain import erasing, errors, events, money
from orders.domain import order as orders
from orders.domain.axes import Status
from orders.domain.order import Line, Order
from orders.domain.values import LineQuantity


def evolve(order: Order | None, event: events.OrderEvent, *, at: datetime) -> Order:
    """The order after the event, which occurred at `at`.

    Raises errors.ImpossibleHistory where the event names a line or shipment that is
    not there, gives an id that is not a new one, or is OrderPlaced in the wrong place.
    """
    if isinstance(event, events.OrderPlaced):
        if order is not None:
            raise errors.ImpossibleHistory("the order is placed twice")
        return _place(event, at)
    if order is None:
        raise errors.ImpossibleHistory(
            f"the first event is {type(event).__name__}, not OrderPlaced"
        )
    order = structs.replace(
        order, version=order.version + 1, updated_at=max(order.updated_at, at)
    )
    return _change(order, event, at)


def _change(order: Order, event: events.OrderChanged, at: datetime) -> Order:
    match event:
        case events.LineAdded():
            return _add_line(order, event)
        case events.LineQuantityChanged():
            return _change_line_quantity(order, event)
        case events.LineRemoved():
            return _remove_line(order, event)
        case events.ShippingAddressChanged():
            return structs.replace(order, shipping_address=event.shipping_address)
        case events.NoteAdded():
            note = orders.Note(text=event.text, at=at)
            return structs.replace(order, notes=(*order.notes, note))
        case events.OrderConfirmed():
            return structs.replace(order, status=Status.CONFIRMED)
        case events.OrderCompleted():
            return structs.replace(order, status=Status.COMPLETED)
        case events.OrderCancelled():
            return structs.replace(order, status=Status.CANCELLED)
        case events.OrderExpired():
            return structs.replace(order, status=Status.EXPIRED)
        case events.PaymentCaptured():
            return _capture(order, event, at)
        case events.PaymentFailed():
            return order
        case events.PaymentRefunded():
            return _refund(order, event, at)
        case events.ShipmentSent():
            return _ship(order, event, at)
        case events.ShipmentDelivered():
            return _deliver(order, event, at)
        case events.DeliveryFailed():
            return _fail_delivery(order, event, at)
        case events.LinesCancelled():
            return _cancel_lines(order, event)
        case events.PersonalTextsErased():
            return erasing.erase(order)
        case events.LinesReturned():
            return _return_lines(order, event)
        case _:
            assert_never(event)


def _place(event: events.OrderPlaced, at: datetime) -> Order:
    lines = tuple(_line(placed) for placed in event.lines)
    last_line_id = 0
    for line in lines:
        _require_new_id("line", line.line_id, last_line_id)
        last_line_id = line.line_id
    return Order(
        version=1,
        customer_id=event.customer_id,
        currency=event.currency,
        external_reference=event.external_reference,
        lines=lines,
        last_line_id=last_line_id,
        shipping_address=event.shipping_address,
        notes=() if event.note is None else (orders.Note(text=event.note, at=at),),
        total=sum((line.total for line in lines), start=money.ZERO),
        units_ordered=sum(line.quantity for line in lines),
        placed_at=at,
        updated_at=at,
    )


def _line(placed: events.PlacedLine) -> Line:
    return Line(
        line_id=placed.line_id,
        sku=placed.sku,
        name=placed.name,
        quantity=placed.quantity,
        unit_price=placed.unit_price,
    )


def _add_line(order: Order, event: events.LineAdded) -> Order:
    _require_new_id("line", event.line_id, order.last_line_id)
    line = _line(event)
    return structs.replace(
        order,
        lines=(*order.lines, line),
        last_line_id=line.line_id,
        total=order.total + line.total,
        units_ordered=order.units_ordered + line.quantity,
    )


def _change_line_quantity(order: Order, event: events.LineQuantityChanged) -> Order:
    index = _line_index(order, event.line_id)
    before = order.lines[index]
    after = structs.replace(before, quantity=event.quantity)
    lines = list(order.lines)
    lines[index] = after
    return structs.replace(
        order,
        lines=tuple(lines),
        total=order.total - before.total + after.total,
        units_ordered=order.units_ordered - before.standing + after.standing,
    )


def _remove_line(order: Order, event: events.LineRemoved) -> Order:
    index = _line_index(order, event.line_id)
    gone = order.lines[index]
    return structs.replace(
        order,
        lines=order.lines[:index] + order.lines[index + 1 :],
        total=order.total - gone.total,
        units_ordered=order.units_ordered - gone.standing,
        units_shipped=order.units_shipped - gone.shipped,
        units_delivered=order.units_delivered - gone.delivered,
        units_returned=order.units_returned - gone.returned,
    )


def _capture(order: Order, event: events.PaymentCaptured, at: datetime) -> Order:
    payment = orders.Payment(
        amount=event.amount, method=event.method, reference=event.reference, at=at
    )
    return structs.replace(
        order,
        payments=(*order.payments, payment),
        captured=order.captured + event.amount,
    )


def _refund(order: Order, event: events.PaymentRefunded, at: datetime) -> Order:
    refund = orders.Refund(amount=event.amount, reason=event.reason, at=at)
    return structs.replace(
        order,
        refunds=(*order.refunds, refund),
        refunded=order.refunded + event.amount,
    )


def _ship(order: Order, event: events.ShipmentSent, at: datetime) -> Order:
    last = order.shipments[-1].shipment_id if order.shipments else 0
    _require_new_id("shipment", event.shipment_id, last)
    shipment = orders.Shipment(
        shipment_id=event.shipment_id,
        carrier=event.carrier,
        tracking_number=event.tracking_number,
        lines=event.lines,
        sent_at=at,
    )
    return structs.replace(
        order,
        lines=_each(
            order,
            event.lines,
            lambda line, n: structs.replace(line, shipped=line.shipped + n),
        ),
        shipments=(*order.shipments, shipment),
        units_shipped=order.units_shipped + _units(event.lines),
    )


def _deliver(order: Order, event: events.ShipmentDelivered, at: datetime) -> Order:
    index = _shipment_index(order, event.shipment_id)
    shipment = order.shipments[index]
    if shipment.delivered_at is not None:  # reported twice, delivered once
        return order
    return structs.replace(
        order,
        lines=_each(
            order,
            shipment.lines,
            lambda line, n: structs.replace(line, delivered=line.delivered + n),
        ),
        shipments=_with_shipment(
            order, index, structs.replace(shipment, delivered_at=at)
        ),
        units_delivered=order.units_delivered + _units(shipment.lines),
    )


def _fail_delivery(order: Order, event: events.DeliveryFailed, at: datetime) -> Order:
    index = _shipment_index(order, event.shipment_id)
    shipment = order.shipments[index]
    failure = orders.FailedDelivery(reason=event.reason, at=at)
    failed = structs.replace(shipment, failures=(*shipment.failures, failure))
    return structs.replace(order, shipments=_with_shipment(order, index, failed))


def _cancel_lines(order: Order, event: events.LinesCancelled) -> Order:
    lines = _each(
        order,
        event.lines,
        lambda line, n: structs.replace(line, cancelled=line.cancelled + n),
    )
    return structs.replace(
        order,
        lines=lines,
        total=order.total - _price(order, event.lines),
        units_ordered=order.units_ordered - _units(event.lines),
    )


def _return_lines(order: Order, event: events.LinesReturned) -> Order:
    return structs.replace(
        order,
        lines=_each(
            order,
            event.lines,
            lambda line, n: structs.replace(line, returned=line.returned + n),
        ),
        units_returned=order.units_returned + _units(event.lines),
    )


def _each(
    order: Order, parts: Iterable[LineQuantity], change: Callable[[Line, int], Line]
) -> tuple[Line, ...]:
    lines = list(order.lines)
    for part in parts:
        index = _line_index(order, part.line_id)
        lines[index] = change(lines[index], part.quantity)
    return tuple(lines)


def _with_shipment(
    order: Order, index: int, shipment: orders.Shipment
) -> tuple[orders.Shipment, ...]:
    shipments = list(order.shipments)
    shipments[index] = shipment
    return tuple(shipments)


def _units(parts: Iterable[LineQuantity]) -> int:
    return sum(part.quantity for part in parts)


def _price(order: Order, parts: Iterable[LineQuantity]) -> Decimal:
    return sum(
        (
            part.quantity * order.lines[_line_index(order, part.line_id)].unit_price
            for part in parts
        ),
        start=money.ZERO,
    )


def _line_index(order: Order, line_id: int) -> int:
    index = orders.line_index(order, line_id=line_id)
    if index is None:
        raise errors.ImpossibleHistory(f"there is no line {line_id}")
    return index


def _shipment_index(order: Order, shipment_id: int) -> int:
    index = orders.shipment_index(order, shipment_id=shipment_id)
    if index is None:
        raise errors.ImpossibleHistory(f"there is no shipment {shipment_id}")
    return index


def _require_new_id(what: str, given: int, last: int) -> None:
    if given <= last:
        raise errors.ImpossibleHistory(f"{what} {given} follows on {what} {last}")
