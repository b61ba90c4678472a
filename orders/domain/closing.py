"""Rules for what settles an order: confirm, cancel it or lines of it, expire."""

from orders.domain import commands, errors, events, guards, values
from orders.domain.axes import Status
from orders.domain.order import Order


def confirm(order: Order) -> events.OrderConfirmed:
    guards.require_pending(order)
    return events.OrderConfirmed()


def cancel(order: Order, command: commands.CancelOrder) -> events.OrderCancelled:
    guards.require_open(order)
    guards.require_nothing_shipped(order)
    return events.OrderCancelled(reason=command.reason)


def cancel_lines(order: Order, command: commands.CancelLines) -> events.LinesCancelled:
    guards.require_confirmed(order)
    parts = values.merge(command.lines)
    if not parts:
        raise errors.NoLines()
    lines = [guards.line(order, line_id=part.line_id) for part in parts]
    total = order.total
    for line, part in zip(lines, parts, strict=True):
        if part.quantity > line.unshipped:
            raise errors.OverCancellation(
                line_id=line.line_id, quantity=part.quantity, available=line.unshipped
            )
        total -= part.quantity * line.unit_price
    kept = order.captured - order.refunded
    if total < kept:
        raise errors.BelowCaptured(total=total, captured=kept)
    return events.LinesCancelled(lines=parts, reason=command.reason)


def expire(order: Order) -> events.OrderExpired:
    if order.status is not Status.PENDING or order.captured > 0:
        raise errors.NotAllowedInStatus(
            order_status=order.status,
            needed="a pending order on which nothing was captured",
        )
    guards.require_nothing_shipped(order)
    return events.OrderExpired()
