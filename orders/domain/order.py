"""An order as its events have left it."""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from operator import attrgetter

from msgspec import Struct

from orders.domain import axes, money
from orders.domain.axes import FulfillmentStatus, PaymentStatus, Status
from orders.domain.values import Address, LineQuantity


class Line(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`quantity` is what was ordered, whatever of it was cancelled later."""

    line_id: int
    sku: str
    name: str
    quantity: int
    unit_price: Decimal
    cancelled: int = 0
    shipped: int = 0
    delivered: int = 0
    returned: int = 0

    @property
    def standing(self) -> int:
        """Units that were ordered and not cancelled."""
        return self.quantity - self.cancelled

    @property
    def unshipped(self) -> int:
        return self.quantity - self.cancelled - self.shipped

    @property
    def returnable(self) -> int:
        return self.shipped - self.returned

    @property
    def total(self) -> Decimal:
        return money.line_total(quantity=self.standing, unit_price=self.unit_price)


class Payment(Struct, frozen=True, kw_only=True):
    amount: Decimal
    method: str
    reference: str
    at: datetime


class Refund(Struct, frozen=True, kw_only=True):
    amount: Decimal
    reason: str
    at: datetime


class FailedDelivery(Struct, frozen=True, kw_only=True):
    reason: str
    at: datetime


class Shipment(Struct, frozen=True, kw_only=True, omit_defaults=True):
    shipment_id: int
    carrier: str
    tracking_number: str
    lines: tuple[LineQuantity, ...]
    sent_at: datetime
    delivered_at: datetime | None = None
    failures: tuple[FailedDelivery, ...] = ()


class Note(Struct, frozen=True, kw_only=True):
    text: str
    at: datetime


class Order(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`version` counts the events; lines and shipments stand in the order of their ids.

    `total`, `captured`, `refunded` and the units are running sums over lines, payments
    and refunds, so that no event and no status costs a walk over them.
    """

    version: int
    customer_id: str
    currency: str
    external_reference: str | None = None
    status: Status = Status.PENDING
    lines: tuple[Line, ...]
    last_line_id: int
    shipping_address: Address
    payments: tuple[Payment, ...] = ()
    refunds: tuple[Refund, ...] = ()
    shipments: tuple[Shipment, ...] = ()
    notes: tuple[Note, ...] = ()
    total: Decimal
    captured: Decimal = money.ZERO
    refunded: Decimal = money.ZERO
    units_ordered: int
    units_shipped: int = 0
    units_delivered: int = 0
    units_returned: int = 0
    placed_at: datetime
    updated_at: datetime

    @property
    def payment_status(self) -> PaymentStatus:
        return axes.payment_status(
            total=self.total, captured=self.captured, refunded=self.refunded
        )

    @property
    def fulfillment_status(self) -> FulfillmentStatus:
        return axes.fulfillment_status(
            ordered=self.units_ordered,
            shipped=self.units_shipped,
            delivered=self.units_delivered,
            returned=self.units_returned,
        )

    @property
    def is_fulfilled_and_paid(self) -> bool:
        return axes.is_fulfilled_and_paid(
            total=self.total,
            captured=self.captured,
            ordered=self.units_ordered,
            delivered=self.units_delivered,
        )


def line_index(order: Order, *, line_id: int) -> int | None:
    """Where the line stands in `order.lines`; None if there is no such line."""
    return _index(order.lines, line_id, _LINE_ID)


def shipment_index(order: Order, *, shipment_id: int) -> int | None:
    """Where the shipment stands in `order.shipments`; None if there is none."""
    return _index(order.shipments, shipment_id, _SHIPMENT_ID)


_LINE_ID = attrgetter("line_id")
_SHIPMENT_ID = attrgetter("shipment_id")


def _index(
    items: Sequence[object], wanted: int, id_of: Callable[[object], int]
) -> int | None:
    index = bisect_left(items, wanted, key=id_of)
    if index < len(items) and id_of(items[index]) == wanted:
        return index
    return None
