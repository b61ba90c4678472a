"""What each customer ordered, paid and sent back, and since when.

All orders of a customer count, as the list of orders shows them one by one:

orders: all that were placed; cancelled_orders: those of them that were cancelled or
expired.
units, placed: of the lines as they stand, without cancelled units and removed lines;
cancelled_units, cancelled: what of that is in cancelled and expired orders.
returned_units: what came back. captured, refunded: money that came in and went out, of
cancelled orders as well.

first and last order: the earliest and the latest time of placing (occurred_at).
"""

from uuid import UUID

from eventstore.events import RecordedEvent
from orders import models, standing, streams
from orders.domain import events, money
from orders.standing import Standing
from projections.projection import Projection, Rows, Table

ORDERS = Table(
    models.CustomerOrder,
    key_of=lambda event: streams.order_id_of(event.stream),
    structs={"folded": Standing},
)
SUMS = Table(models.CustomerSums, shared=True)


class CustomerSummary(Projection):
    name = "customer_summary"
    version = 1
    stream_type = streams.ORDER
    reads = (*standing.CHANGES, events.PaymentCaptured)
    tables = (ORDERS, SUMS)

    def fold(self, rows: Rows, event: RecordedEvent) -> None:
        order_id = streams.order_id_of(event.stream)
        row = rows.get(ORDERS, order_id)
        if row is None:
            row = _placed(order_id, event)
            standing.add_difference(rows, {}, _figures(row.folded))
        elif isinstance(event.data, events.PaymentCaptured):
            rows.add(SUMS, _key(row.folded), captured=event.data.amount)
        else:
            before = _figures(row.folded)
            standing.change(row.folded, event.data)
            standing.add_difference(rows, before, _figures(row.folded))
        row.version = event.version
        rows.put(ORDERS, row)

    def rows_of(self, stream: str) -> list[models.CustomerOrder]:
        """That of the order alone: the sums belong to its customer."""
        order_id = streams.order_id_of(stream)
        return list(models.CustomerOrder.objects.filter(pk=order_id))


def _placed(order_id: UUID, event: RecordedEvent) -> models.CustomerOrder:
    folded = standing.placed(event.data)
    return models.CustomerOrder(
        order_id=order_id,
        customer_id=folded.customer_id,
        placed_at=event.occurred_at,
        folded=folded,
    )


def _key(order: Standing) -> tuple[str, str]:
    return order.customer_id, order.currency


def _figures(order: Standing) -> standing.Figures:
    lines = order.lines.values()
    units = sum(each.units for each in lines)
    placed = sum((each.units * each.unit_price for each in lines), money.ZERO)
    return {
        (SUMS, _key(order)): {
            "orders": 1,
            "cancelled_orders": int(order.closed),
            "units": units,
            "cancelled_units": units if order.closed else 0,
            "returned_units": sum(each.returned for each in lines),
            "placed": placed,
            "cancelled": placed if order.closed else money.ZERO,
            "refunded": order.refunded,
        }
    }
