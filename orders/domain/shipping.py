"""Rules for shipments, their delivery, and returns."""

from orders.domain import commands, errors, events, guards, values
from orders.domain.order import Order
from orders.domain.values import LineQuantity


def ship(order: Order, command: commands.ShipOrder) -> events.ShipmentSent:
    guards.require_confirmed(order)
    if command.lines is None:
        parts = _all_that_is_left(order)
    else:
        parts = values.merge(command.lines)
    if not parts:
        raise errors.NothingToShip()
    lines = [guards.line(order, line_id=part.line_id) for part in parts]
    for line, part in zip(lines, parts, strict=True):
        if part.quantity > line.unshipped:
            raise errors.OverShipment(
                line_id=line.line_id, quantity=part.quantity, available=line.unshipped
            )
    last = order.shipments[-1].shipment_id if order.shipments else 0
    return events.ShipmentSent(
        shipment_id=last + 1,
        carrier=command.carrier,
        tracking_number=command.tracking_number,
        lines=parts,
    )


def mark_delivered(
    order: Order, command: commands.MarkDelivered
) -> events.ShipmentDelivered:
    _require_under_way(order, command.shipment_id)
    return events.ShipmentDelivered(shipment_id=command.shipment_id)


def record_delivery_failure(
    order: Order, command: commands.RecordDeliveryFailure
) -> events.DeliveryFailed:
    _require_under_way(order, command.shipment_id)
    return events.DeliveryFailed(shipment_id=command.shipment_id, reason=command.reason)


def return_lines(order: Order, command: commands.ReturnLines) -> events.LinesReturned:
    parts = values.merge(command.lines)
    if not parts:
        raise errors.NoLines()
    lines = [guards.line(order, line_id=part.line_id) for part in parts]
    for line, part in zip(lines, parts, strict=True):
        if part.quantity > line.returnable:
            raise errors.OverReturn(
                line_id=line.line_id, quantity=part.quantity, available=line.returnable
            )
    return events.LinesReturned(lines=parts, reason=command.reason)


def _all_that_is_left(order: Order) -> tuple[LineQuantity, ...]:
    return tuple(
        LineQuantity(line_id=line.line_id, quantity=line.unshipped)
        for line in order.lines
        if line.unshipped > 0
    )


def _require_under_way(order: Order, shipment_id: int) -> None:
    shipment = guards.shipment(order, shipment_id=shipment_id)
    if shipment.delivered_at is not None:
        raise errors.AlreadyDelivered(shipment_id=shipment_id)
