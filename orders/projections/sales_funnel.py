"""How far each order got: when it first reached each state of the funnel.

paid: all that it costs is captured (at once where that is nothing). shipped,
delivered, returned: all units that were not cancelled are. What was reached stays
reached, whatever comes later: an order may be both delivered and returned.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct

from eventstore.events import RecordedEvent
from orders import models, streams
from orders.domain import errors, events, money
from projections.projection import Projection, Rows, Table


class OrderedLine(Struct, array_like=True):
    units: int  # without cancelled ones
    unit_price: Decimal


class Folded(Struct):
    """Lines, and the units of each shipment until it arrives, by their ids."""

    lines: dict[int, OrderedLine]
    captured: Decimal = money.ZERO
    shipments: dict[int, int] = {}
    shipped: int = 0
    delivered: int = 0
    returned: int = 0


MILESTONES = Table(
    models.OrderMilestones, key_of=lambda event: streams.order_id_of(event.stream)
)
PROGRESS = Table(
    models.OrderProgress,
    key_of=lambda event: streams.order_id_of(event.stream),
    structs={"folded": Folded},
)


class SalesFunnel(Projection):
    name = "sales_funnel"
    version = 1
    stream_type = streams.ORDER
    reads = (
        events.OrderPlaced,
        events.LineAdded,
        events.LineQuantityChanged,
        events.LineRemoved,
        events.LinesCancelled,
        events.OrderConfirmed,
        events.OrderCompleted,
        events.OrderCancelled,
        events.PaymentCaptured,
        events.ShipmentSent,
        events.ShipmentDelivered,
        events.LinesReturned,
    )
    tables = (MILESTONES, PROGRESS)

    def fold(self, rows: Rows, event: RecordedEvent) -> None:
        order_id = streams.order_id_of(event.stream)
        row = rows.get(PROGRESS, order_id)
        milestones = rows.get(MILESTONES, order_id)
        if row is None or milestones is None:
            row = models.OrderProgress(order_id=order_id, folded=_placed(event.data))
            milestones = models.OrderMilestones(
                order_id=order_id, placed_at=event.occurred_at
            )
            rows.put(MILESTONES, milestones)
        else:
            _change(row.folded, event.data)
        row.version = event.version
        rows.put(PROGRESS, row)
        if _reach(milestones, row.folded, event.data, event.occurred_at):
            rows.put(MILESTONES, milestones)

    def rows_of(
        self, stream: str
    ) -> list[models.OrderMilestones | models.OrderProgress]:
        order_id = streams.order_id_of(stream)
        return [
            *models.OrderMilestones.objects.filter(pk=order_id),
            *models.OrderProgress.objects.filter(pk=order_id),
        ]


def _placed(event: Any) -> Folded:
    if not isinstance(event, events.OrderPlaced):
        raise errors.ImpossibleHistory(
            f"the first event is {type(event).__name__}, not OrderPlaced"
        )
    return Folded(
        lines={
            each.line_id: OrderedLine(each.quantity, each.unit_price)
            for each in event.lines
        }
    )


def _change(order: Folded, event: Any) -> None:
    match event:
        case events.LineAdded():
            order.lines[event.line_id] = OrderedLine(event.quantity, event.unit_price)
        case events.LineQuantityChanged():
            order.lines[event.line_id].units = event.quantity
        case events.LineRemoved():
            del order.lines[event.line_id]
        case events.LinesCancelled():
            for each in event.lines:
                order.lines[each.line_id].units -= each.quantity
        case events.PaymentCaptured():
            order.captured += event.amount
        case events.ShipmentSent():
            order.shipments[event.shipment_id] = _units(event)
            order.shipped += _units(event)
        case events.ShipmentDelivered():
            # Reported twice, delivered once.
            order.delivered += order.shipments[event.shipment_id]
            order.shipments[event.shipment_id] = 0
        case events.LinesReturned():
            order.returned += _units(event)
        case events.OrderPlaced():
            raise errors.ImpossibleHistory("the order is placed twice")


def _units(event: events.ShipmentSent | events.LinesReturned) -> int:
    return sum(each.quantity for each in event.lines)


_STATES: dict[type[object], str] = {
    events.OrderConfirmed: "confirmed_at",
    events.OrderCompleted: "completed_at",
    events.OrderCancelled: "cancelled_at",
}


def _reach(
    milestones: models.OrderMilestones, order: Folded, event: Any, at: datetime
) -> bool:
    """Notes the states that the order is in for the first time: whether there are."""
    lines = order.lines.values()
    total = sum((each.units * each.unit_price for each in lines), money.ZERO)
    # An order of nothing is not shipped by nothing.
    units = max(1, sum(each.units for each in lines))
    reached = {
        "paid_at": order.captured >= total,
        "shipped_at": order.shipped >= units,
        "delivered_at": order.delivered >= units,
        "returned_at": order.returned >= units,
    }
    if state := _STATES.get(type(event)):
        reached[state] = True
    new = [
        name
        for name, is_so in reached.items()
        if is_so and getattr(milestones, name) is None
    ]
    for name in new:
        setattr(milestones, name, at)
    return bool(new)
