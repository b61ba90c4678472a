"""What can have happened to an order; the `data` of stored events, in the newest form.

Decoding refuses amounts and quantities that no order can have, and nothing else: the
rules for new decisions do not bind history. A field that is added needs a default; any
other change makes a new schema version (docs/how-to/change-an-event.md).
"""

from decimal import Decimal
from uuid import UUID

from msgspec import Struct

from orders.domain import money
from orders.domain.values import Address, Channel, LineQuantity, Quantity


class Event(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    pass


class PlacedLine(Event, frozen=True, kw_only=True):
    line_id: int
    sku: str
    name: str
    quantity: Quantity
    unit_price: Decimal

    def __post_init__(self) -> None:
        money.require_storable(self.unit_price)


class OrderPlaced(Event, frozen=True, kw_only=True):
    customer_id: str
    currency: str
    lines: tuple[PlacedLine, ...]
    shipping_address: Address
    order_id: UUID | None = None
    external_reference: str | None = None
    note: str | None = None
    channel: Channel


class LineAdded(PlacedLine, frozen=True, kw_only=True):
    pass


class LineQuantityChanged(Event, frozen=True, kw_only=True):
    line_id: int
    quantity: Quantity


class LineRemoved(Event, frozen=True, kw_only=True):
    line_id: int


class ShippingAddressChanged(Event, frozen=True, kw_only=True):
    shipping_address: Address


class NoteAdded(Event, frozen=True, kw_only=True):
    text: str


class OrderConfirmed(Event, frozen=True, kw_only=True):
    pass


class OrderCompleted(Event, frozen=True, kw_only=True):
    pass


class OrderCancelled(Event, frozen=True, kw_only=True):
    reason: str


class OrderExpired(Event, frozen=True, kw_only=True):
    pass


class PaymentCaptured(Event, frozen=True, kw_only=True):
    amount: Decimal
    method: str
    reference: str

    def __post_init__(self) -> None:
        money.require_storable(self.amount)


class PaymentFailed(Event, frozen=True, kw_only=True):
    amount: Decimal
    method: str
    reason: str

    def __post_init__(self) -> None:
        money.require_storable(self.amount)


class PaymentRefunded(Event, frozen=True, kw_only=True):
    amount: Decimal
    reason: str

    def __post_init__(self) -> None:
        money.require_storable(self.amount)


class ShipmentSent(Event, frozen=True, kw_only=True):
    shipment_id: int
    carrier: str
    tracking_number: str
    lines: tuple[LineQuantity, ...]


class ShipmentDelivered(Event, frozen=True, kw_only=True):
    shipment_id: int


class DeliveryFailed(Event, frozen=True, kw_only=True):
    shipment_id: int
    reason: str


class LinesCancelled(Event, frozen=True, kw_only=True):
    lines: tuple[LineQuantity, ...]
    reason: str


class LinesReturned(Event, frozen=True, kw_only=True):
    lines: tuple[LineQuantity, ...]
    reason: str


class PersonalTextsErased(Event, frozen=True, kw_only=True):
    """The customer is forgotten: whoever keeps texts of earlier events drops them."""


# What follows on OrderPlaced, the first event of every order.
OrderChanged = (
    LineAdded
    | LineQuantityChanged
    | LineRemoved
    | ShippingAddressChanged
    | NoteAdded
    | OrderConfirmed
    | OrderCompleted
    | OrderCancelled
    | OrderExpired
    | PaymentCaptured
    | PaymentFailed
    | PaymentRefunded
    | ShipmentSent
    | ShipmentDelivered
    | DeliveryFailed
    | LinesCancelled
    | LinesReturned
    | PersonalTextsErased
)
OrderEvent = OrderPlaced | OrderChanged
