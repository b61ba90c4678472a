"""What was sold a day, by currency and country: sums over all orders.

Every fact counts on the day (UTC) on which its own event occurred:

orders, lines, units, placed: what was ordered, `placed` in money. A change of lines
counts as a difference on its own day.
cancelled: money in `placed` that will not be sold: of cancelled lines, and all that
still stood of an order when it was cancelled or expired.
returned_units, refunded: units that came back, and money that was paid back.

An order that is to go to another country moves there on that day, with all that it has
added so far, so that the sums over all days are those of the orders as they are.
Differences may be negative, and a day's row may be one of zeros.
"""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct

from eventstore.events import RecordedEvent
from orders import models, streams
from orders.domain import errors, events, money
from projections.projection import Amount, Projection, Rows, Table


class SoldLine(Struct, array_like=True):
    quantity: int
    unit_price: Decimal
    cancelled: int = 0


class Folded(Struct):
    """What an order's next event needs of its earlier ones: lines by their id."""

    currency: str
    country: str
    lines: dict[int, SoldLine]
    closed: bool = False  # cancelled or expired
    returned_units: int = 0
    refunded: Decimal = money.ZERO


def _day_begins(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


ORDERS = Table(
    models.OrderSales,
    key_of=lambda event: streams.order_id_of(event.stream),
    structs={"folded": Folded},
)
DAYS = Table(models.SalesDaily, shared=True, since=_day_begins)


class SalesDaily(Projection):
    name = "sales_daily"
    version = 1
    stream_type = streams.ORDER
    reads = (
        events.OrderPlaced,
        events.LineAdded,
        events.LineQuantityChanged,
        events.LineRemoved,
        events.ShippingAddressChanged,
        events.OrderCancelled,
        events.OrderExpired,
        events.LinesCancelled,
        events.LinesReturned,
        events.PaymentRefunded,
    )
    tables = (ORDERS, DAYS)

    def fold(self, rows: Rows, event: RecordedEvent) -> None:
        order_id = streams.order_id_of(event.stream)
        day = _day_begins(event.occurred_at).date()
        row = rows.get(ORDERS, order_id)
        if row is None:
            row = models.OrderSales(order_id=order_id, folded=_placed(event.data))
        else:
            # The difference: without the order as it was, with it as it is.
            _count(rows, day, row.folded, times=-1)
            _change(row.folded, event.data)
        _count(rows, day, row.folded, times=1)
        row.version = event.version
        rows.put(ORDERS, row)

    def rows_of(self, stream: str) -> list[models.OrderSales]:
        """That of the order alone: the days belong to no order."""
        order_id = streams.order_id_of(stream)
        return list(models.OrderSales.objects.filter(pk=order_id))


def _placed(event: Any) -> Folded:
    if not isinstance(event, events.OrderPlaced):
        raise errors.ImpossibleHistory(
            f"the first event is {type(event).__name__}, not OrderPlaced"
        )
    return Folded(
        currency=event.currency,
        country=event.shipping_address.country,
        lines={
            each.line_id: SoldLine(each.quantity, each.unit_price)
            for each in event.lines
        },
    )


def _change(order: Folded, event: Any) -> None:
    match event:
        case events.LineAdded():
            order.lines[event.line_id] = SoldLine(event.quantity, event.unit_price)
        case events.LineQuantityChanged():
            order.lines[event.line_id].quantity = event.quantity
        case events.LineRemoved():
            del order.lines[event.line_id]
        case events.LinesCancelled():
            for each in event.lines:
                order.lines[each.line_id].cancelled += each.quantity
        case events.OrderCancelled() | events.OrderExpired():
            order.closed = True
        case events.ShippingAddressChanged():
            order.country = event.shipping_address.country
        case events.LinesReturned():
            order.returned_units += sum(each.quantity for each in event.lines)
        case events.PaymentRefunded():
            order.refunded += event.amount
        case _:
            raise errors.ImpossibleHistory("the order is placed twice")


def _count(rows: Rows, day: date, order: Folded, *, times: int) -> None:
    lines = order.lines.values()
    placed = sum((each.quantity * each.unit_price for each in lines), money.ZERO)
    cancelled = sum((each.cancelled * each.unit_price for each in lines), money.ZERO)
    figures: dict[str, Amount] = {
        "orders": 1,
        "lines": len(lines),
        "units": sum(each.quantity for each in lines),
        "placed": placed,
        "cancelled": placed if order.closed else cancelled,
        "returned_units": order.returned_units,
        "refunded": order.refunded,
    }
    rows.add(
        DAYS,
        (day, order.currency, order.country),
        **{name: times * figure for name, figure in figures.items()},
    )
