"""An order's lines as they stand: what read models of products and customers count.

`Standing` is stored in rows: whoever changes it raises the version of each projection
that keeps one. The sums over orders that these projections make have one rule: what an
order adds is a function of its `Standing`, and an event adds the difference.
"""

from collections.abc import Hashable, Iterable
from decimal import Decimal
from typing import Any

from msgspec import Struct

from orders.domain import errors, events, money
from projections.projection import Amount, Rows, Table


class Line(Struct, array_like=True):
    """`units`: without cancelled ones; returned ones are in it."""

    sku: str
    name: str
    unit_price: Decimal
    units: int
    returned: int = 0


class Standing(Struct, omit_defaults=True):
    """`lines` by their id, without removed ones; `closed`: cancelled or expired."""

    customer_id: str
    currency: str
    lines: dict[int, Line]
    closed: bool = False
    refunded: Decimal = money.ZERO


# Table and key of a shared row -> column -> what an order adds to it.
Figures = dict[tuple[Table[Any], Hashable], dict[str, Amount]]

CHANGES = (
    events.OrderPlaced,
    events.LineAdded,
    events.LineQuantityChanged,
    events.LineRemoved,
    events.LinesCancelled,
    events.LinesReturned,
    events.PaymentRefunded,
    events.OrderCancelled,
    events.OrderExpired,
)


def placed(event: Any) -> Standing:
    """Raises ImpossibleHistory for another event."""
    if not isinstance(event, events.OrderPlaced):
        raise errors.ImpossibleHistory(
            f"the first event is {type(event).__name__}, not OrderPlaced"
        )
    return Standing(
        customer_id=event.customer_id,
        currency=event.currency,
        lines={
            each.line_id: Line(each.sku, each.name, each.unit_price, each.quantity)
            for each in event.lines
        },
    )


def change(order: Standing, event: Any) -> None:
    """Changes the order by one of CHANGES. Raises ImpossibleHistory for a second
    OrderPlaced.
    """
    match event:
        case events.LineAdded():
            order.lines[event.line_id] = Line(
                event.sku, event.name, event.unit_price, event.quantity
            )
        case events.LineQuantityChanged():
            order.lines[event.line_id].units = event.quantity
        case events.LineRemoved():
            del order.lines[event.line_id]
        case events.LinesCancelled():
            for each in event.lines:
                order.lines[each.line_id].units -= each.quantity
        case events.LinesReturned():
            for each in event.lines:
                order.lines[each.line_id].returned += each.quantity
        case events.PaymentRefunded():
            order.refunded += event.amount
        case events.OrderCancelled() | events.OrderExpired():
            order.closed = True
        case _:
            raise errors.ImpossibleHistory("the order is placed twice")


def add_difference(rows: Rows, before: Figures, after: Figures) -> None:
    """Adds to shared rows what `after` has more than `before`; rows that are the same
    in both are not touched.
    """
    for table, key in dict.fromkeys((*before, *after)):
        old, new = before.get((table, key), {}), after.get((table, key), {})
        more = {name: new.get(name, 0) - old.get(name, 0) for name in (*old, *new)}
        if any(more.values()):
            rows.add(table, key, **more)


def names(table: Table[Any], lines: Iterable[Line]) -> Figures:
    """How many lines give a product a name, by (sku, name)."""
    found: Figures = {}
    for each in lines:
        row = found.setdefault((table, (each.sku, each.name)), {"lines": 0})
        row["lines"] += 1
    return found
