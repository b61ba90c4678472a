"""What can be asked of an order; fields are those of the request bodies."""

from decimal import Decimal
from uuid import UUID

from msgspec import Struct

from orders.domain.values import API, Address, Channel, LineQuantity, Quantity


class NewLine(Struct, frozen=True, kw_only=True):
    sku: str
    name: str
    quantity: Quantity
    unit_price: Decimal


class PlaceOrder(Struct, frozen=True, kw_only=True):
    customer_id: str
    currency: str
    lines: tuple[NewLine, ...]
    shipping_address: Address
    order_id: UUID | None = None
    external_reference: str | None = None
    note: str | None = None
    channel: Channel = API


class AddLine(Struct, frozen=True, kw_only=True):
    sku: str
    name: str
    quantity: Quantity
    unit_price: Decimal


class ChangeLineQuantity(Struct, frozen=True, kw_only=True):
    line_id: int
    quantity: Quantity


class RemoveLine(Struct, frozen=True, kw_only=True):
    line_id: int


class ChangeShippingAddress(Struct, frozen=True, kw_only=True):
    shipping_address: Address


class AddNote(Struct, frozen=True, kw_only=True):
    text: str


class ConfirmOrder(Struct, frozen=True, kw_only=True):
    pass


class CapturePayment(Struct, frozen=True, kw_only=True):
    amount: Decimal
    method: str
    reference: str


class RecordPaymentFailure(Struct, frozen=True, kw_only=True):
    amount: Decimal
    method: str
    reason: str


class ShipOrder(Struct, frozen=True, kw_only=True):
    """Without `lines` everything that is left is shipped."""

    carrier: str
    tracking_number: str
    lines: tuple[LineQuantity, ...] | None = None


class MarkDelivered(Struct, frozen=True, kw_only=True):
    shipment_id: int


class RecordDeliveryFailure(Struct, frozen=True, kw_only=True):
    shipment_id: int
    reason: str


class CancelOrder(Struct, frozen=True, kw_only=True):
    reason: str


class CancelLines(Struct, frozen=True, kw_only=True):
    lines: tuple[LineQuantity, ...]
    reason: str


class ExpireOrder(Struct, frozen=True, kw_only=True):
    pass


class ReturnLines(Struct, frozen=True, kw_only=True):
    lines: tuple[LineQuantity, ...]
    reason: str


class RefundPayment(Struct, frozen=True, kw_only=True):
    amount: Decimal
    reason: str


ChangeOrder = (
    AddLine
    | ChangeLineQuantity
    | RemoveLine
    | ChangeShippingAddress
    | AddNote
    | ConfirmOrder
    | CapturePayment
    | RecordPaymentFailure
    | ShipOrder
    | MarkDelivered
    | RecordDeliveryFailure
    | CancelOrder
    | CancelLines
    | ExpireOrder
    | ReturnLines
    | RefundPayment
)
OrderCommand = PlaceOrder | ChangeOrder


class ErasePersonalTexts(Struct, frozen=True, kw_only=True):
    """Follows on the end of the customer's key; no client's command."""
