"""What several commands ask of the order before they look at anything else."""

from decimal import Decimal

from orders.domain import errors, money
from orders.domain import order as orders
from orders.domain.axes import Status
from orders.domain.order import Line, Order, Shipment


def require_pending(order: Order) -> None:
    if order.status is not Status.PENDING:
        raise errors.NotAllowedInStatus(
            order_status=order.status, needed="a pending order"
        )


def require_confirmed(order: Order) -> None:
    if order.status is not Status.CONFIRMED:
        raise errors.NotAllowedInStatus(
            order_status=order.status, needed="a confirmed order"
        )


def require_open(order: Order) -> None:
    if order.status not in (Status.PENDING, Status.CONFIRMED):
        raise errors.NotAllowedInStatus(
            order_status=order.status, needed="a pending or confirmed order"
        )


def require_nothing_shipped(order: Order) -> None:
    if order.units_shipped:
        raise errors.AlreadyShipped(units_shipped=order.units_shipped)


def require_total_fits(total: Decimal) -> None:
    if total >= money.LIMIT:
        raise errors.TotalTooLarge(total=total)


def line(order: Order, *, line_id: int) -> Line:
    """Raises errors.UnknownLine."""
    index = orders.line_index(order, line_id=line_id)
    if index is None:
        raise errors.UnknownLine(line_id=line_id)
    return order.lines[index]


def shipment(order: Order, *, shipment_id: int) -> Shipment:
    """Raises errors.UnknownShipment."""
    index = orders.shipment_index(order, shipment_id=shipment_id)
    if index is None:
        raise errors.UnknownShipment(shipment_id=shipment_id)
    return order.shipments[index]
