"""The table of commands: URL word, body, domain command, refusals, an example."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import msgspec

from api.serializers import StrictSerializer
from orders.domain import commands
from orders.domain.errors import OrderError
from orders.web import command_fields as fields
from orders.web import refusals

Command = TypeVar("Command", covariant=True)


@dataclass(frozen=True, kw_only=True)
class Route(Generic[Command]):
    """`event_type` and `refusals` are for OpenAPI: what is stored, what may be met."""

    word: str
    command: type[Command]
    serializer: type[StrictSerializer]
    summary: str
    event_type: str
    refusals: tuple[OrderError, ...] = ()
    example: Mapping[str, Any] = field(default_factory=dict)
    # One for all requests: a serializer costs more to make than to use.
    _reader: StrictSerializer = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_reader", self.serializer())

    def read(self, body: Any) -> Command:
        """Raises ValidationError with every fault of the body."""
        values = self._reader.run_validation(body)
        return msgspec.convert(values, self.command)


ADDRESS = {
    "name": "Ada Lovelace",
    "line1": "12 St James's Square",
    "city": "London",
    "postal_code": "SW1Y 4JH",
    "country": "GB",
}
LINE = {"sku": "MUG-1", "name": "Mug", "quantity": 2, "unit_price": "7.50"}
PARTS = [{"line_id": 1, "quantity": 1}]

PLACE = Route(
    word="",
    command=commands.PlaceOrder,
    serializer=fields.PlaceOrderSerializer,
    summary="Place an order",
    event_type="OrderPlaced",
    refusals=refusals.PLACING,
    example={
        "customer_id": "customer-1815",
        "currency": "EUR",
        "lines": [LINE],
        "shipping_address": ADDRESS,
        "note": "Ring twice",
        "channel": {"kind": "app", "name": "iOS 4.1"},
    },
)

CHANGES: tuple[Route[commands.ChangeOrder], ...] = (
    Route(
        word="add-line",
        command=commands.AddLine,
        serializer=fields.AddLineSerializer,
        summary="Add a line to a pending order",
        event_type="LineAdded",
        refusals=(
            refusals.NOT_PENDING,
            refusals.TOO_MANY_LINES,
            refusals.TOTAL_TOO_LARGE,
        ),
        example=LINE,
    ),
    Route(
        word="change-line-quantity",
        command=commands.ChangeLineQuantity,
        serializer=fields.ChangeLineQuantitySerializer,
        summary="Change the quantity of a line of a pending order",
        event_type="LineQuantityChanged",
        refusals=(*refusals.EDITING, refusals.TOTAL_TOO_LARGE),
        example={"line_id": 1, "quantity": 3},
    ),
    Route(
        word="remove-line",
        command=commands.RemoveLine,
        serializer=fields.RemoveLineSerializer,
        summary="Remove a line from a pending order",
        event_type="LineRemoved",
        refusals=(*refusals.EDITING, refusals.LAST_LINE),
        example={"line_id": 1},
    ),
    Route(
        word="change-shipping-address",
        command=commands.ChangeShippingAddress,
        serializer=fields.ChangeShippingAddressSerializer,
        summary="Change where an order goes, while nothing is shipped",
        event_type="ShippingAddressChanged",
        refusals=(refusals.NOT_OPEN, refusals.ALREADY_SHIPPED),
        example={"shipping_address": ADDRESS},
    ),
    Route(
        word="add-note",
        command=commands.AddNote,
        serializer=fields.AddNoteSerializer,
        summary="Add a note to an order",
        event_type="NoteAdded",
        example={"text": "The customer called.\nShe will be at home on Friday."},
    ),
    Route(
        word="confirm",
        command=commands.ConfirmOrder,
        serializer=fields.NothingSerializer,
        summary="Confirm a pending order",
        event_type="OrderConfirmed",
        refusals=(refusals.NOT_PENDING,),
    ),
    Route(
        word="capture-payment",
        command=commands.CapturePayment,
        serializer=fields.CapturePaymentSerializer,
        summary="Record money that arrived, whatever the status",
        event_type="PaymentCaptured",
        refusals=(refusals.OVER_CAPTURE, refusals.DUPLICATE_PAYMENT),
        example={"amount": "15.00", "method": "card", "reference": "ch_1815"},
    ),
    Route(
        word="record-payment-failure",
        command=commands.RecordPaymentFailure,
        serializer=fields.RecordPaymentFailureSerializer,
        summary="Record a payment that failed",
        event_type="PaymentFailed",
        example={"amount": "15.00", "method": "card", "reason": "Card expired"},
    ),
    Route(
        word="ship",
        command=commands.ShipOrder,
        serializer=fields.ShipOrderSerializer,
        summary="Ship lines of a confirmed order",
        event_type="ShipmentSent",
        refusals=(
            refusals.NOT_CONFIRMED,
            refusals.UNKNOWN_LINE,
            refusals.OVER_SHIPMENT,
            refusals.NOTHING_TO_SHIP,
        ),
        example={"carrier": "DHL", "tracking_number": "JD0001", "lines": PARTS},
    ),
    Route(
        word="mark-delivered",
        command=commands.MarkDelivered,
        serializer=fields.MarkDeliveredSerializer,
        summary="Record that a shipment was delivered",
        event_type="ShipmentDelivered",
        refusals=refusals.DELIVERING,
        example={"shipment_id": 1},
    ),
    Route(
        word="record-delivery-failure",
        command=commands.RecordDeliveryFailure,
        serializer=fields.RecordDeliveryFailureSerializer,
        summary="Record a delivery that failed",
        event_type="DeliveryFailed",
        refusals=refusals.DELIVERING,
        example={"shipment_id": 1, "reason": "Nobody at home"},
    ),
    Route(
        word="cancel",
        command=commands.CancelOrder,
        serializer=fields.ReasonSerializer,
        summary="Cancel an order of which nothing is shipped",
        event_type="OrderCancelled",
        refusals=(refusals.NOT_OPEN, refusals.ALREADY_SHIPPED),
        example={"reason": "Ordered twice"},
    ),
    Route(
        word="cancel-lines",
        command=commands.CancelLines,
        serializer=fields.LinesAndReasonSerializer,
        summary="Cancel units of a confirmed order that are not shipped",
        event_type="LinesCancelled",
        refusals=(
            refusals.NOT_CONFIRMED,
            refusals.UNKNOWN_LINE,
            refusals.OVER_CANCELLATION,
            refusals.BELOW_CAPTURED,
            refusals.NO_LINES,
        ),
        example={"lines": PARTS, "reason": "Out of stock"},
    ),
    Route(
        word="expire",
        command=commands.ExpireOrder,
        serializer=fields.NothingSerializer,
        summary="Expire a pending order on which nothing was captured",
        event_type="OrderExpired",
        refusals=(refusals.NOT_PENDING, refusals.ALREADY_SHIPPED),
    ),
    Route(
        word="return-lines",
        command=commands.ReturnLines,
        serializer=fields.LinesAndReasonSerializer,
        summary="Record units that came back",
        event_type="LinesReturned",
        refusals=(refusals.UNKNOWN_LINE, refusals.OVER_RETURN, refusals.NO_LINES),
        example={"lines": PARTS, "reason": "Too small"},
    ),
    Route(
        word="refund",
        command=commands.RefundPayment,
        serializer=fields.RefundPaymentSerializer,
        summary="Record money that was paid back",
        event_type="PaymentRefunded",
        refusals=(refusals.OVER_REFUND,),
        example={"amount": "7.50", "reason": "Damaged"},
    ),
)
