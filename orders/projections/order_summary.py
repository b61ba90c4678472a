"""One line an order, for lists and filters."""

from decimal import Decimal

from msgspec import Struct

from eventstore.events import RecordedEvent
from orders import models, streams
from orders.domain import axes, erasing, events, money
from orders.domain.axes import Status
from projections.projection import Projection, Rows, Table


class StandingLine(Struct, array_like=True):
    sku: str
    units: int
    unit_price: Decimal


class Folded(Struct):
    """What later events need of earlier ones: lines by id, units by shipment."""

    lines: dict[int, StandingLine]
    shipments: dict[int, int]
    shipped: int = 0
    delivered: int = 0


TABLE = Table(
    models.OrderSummary,
    key_of=lambda event: streams.order_id_of(event.stream),
    structs={"folded": Folded},
    personal=("external_reference",),
)


class OrderSummary(Projection):
    name = "order_summary"
    version = 1
    stream_type = streams.ORDER
    reads = [each.struct for each in streams.ORDER.events]
    tables = [TABLE]

    def fold(self, rows: Rows, event: RecordedEvent) -> None:
        order_id = streams.order_id_of(event.stream)
        row = rows.get(TABLE, order_id)
        if row is None:
            row = models.OrderSummary(order_id=order_id)
            _place(row, event)
        else:
            _change(row, event.data)
        if isinstance(event.data, _CHANGES_LINES):
            _sum_lines(row)
        row.version = event.version
        row.updated_at = max(row.updated_at, event.occurred_at)
        _set_axes(row)
        rows.put(TABLE, row)

    def erase(self, rows: Rows, event: RecordedEvent) -> None:
        if row := rows.get(TABLE, streams.order_id_of(event.stream)):
            row.external_reference = erasing.text(row.external_reference)
            rows.put(TABLE, row)

    def rows_of(self, stream: str) -> list[models.OrderSummary]:
        order_id = streams.order_id_of(stream)
        return list(models.OrderSummary.objects.filter(pk=order_id))


def _place(row: models.OrderSummary, event: RecordedEvent) -> None:
    placed: events.OrderPlaced = event.data
    row.external_reference = placed.external_reference
    row.customer_id = placed.customer_id
    row.currency = placed.currency
    row.country = placed.shipping_address.country
    row.status = Status.PENDING
    row.captured = row.refunded = money.ZERO
    row.returned_units = 0
    row.placed_at = row.updated_at = event.occurred_at
    row.folded = Folded(
        lines={
            each.line_id: StandingLine(each.sku, each.quantity, each.unit_price)
            for each in placed.lines
        },
        shipments={},
    )


def _change(row: models.OrderSummary, event: events.OrderEvent) -> None:
    folded: Folded = row.folded
    match event:
        case events.LineAdded():
            folded.lines[event.line_id] = StandingLine(
                event.sku, event.quantity, event.unit_price
            )
        case events.LineQuantityChanged():
            folded.lines[event.line_id].units = event.quantity
        case events.LineRemoved():
            del folded.lines[event.line_id]
        case events.LinesCancelled():
            for each in event.lines:
                folded.lines[each.line_id].units -= each.quantity
        case events.LinesReturned():
            row.returned_units += sum(each.quantity for each in event.lines)
        case events.ShippingAddressChanged():
            row.country = event.shipping_address.country
        case events.PaymentCaptured():
            row.captured = row.captured + event.amount
        case events.PaymentRefunded():
            row.refunded = row.refunded + event.amount
        case events.ShipmentSent():
            units = sum(each.quantity for each in event.lines)
            folded.shipments[event.shipment_id] = units
            folded.shipped += units
        case events.ShipmentDelivered():
            folded.delivered += folded.shipments[event.shipment_id]
        case events.PersonalTextsErased():
            row.external_reference = erasing.text(row.external_reference)
        case _:
            row.status = _STATUS_AFTER.get(type(event), Status(row.status))


_STATUS_AFTER: dict[type[object], Status] = {
    events.OrderConfirmed: Status.CONFIRMED,
    events.OrderCompleted: Status.COMPLETED,
    events.OrderCancelled: Status.CANCELLED,
    events.OrderExpired: Status.EXPIRED,
}


_CHANGES_LINES = (
    events.OrderPlaced
    | events.LineAdded
    | events.LineQuantityChanged
    | events.LineRemoved
    | events.LinesCancelled
)


def _sum_lines(row: models.OrderSummary) -> None:
    lines = row.folded.lines.values()
    row.total = sum((each.units * each.unit_price for each in lines), start=money.ZERO)
    row.units = sum(each.units for each in lines)
    row.line_count = len(lines)
    row.skus = sorted({each.sku for each in lines})


def _set_axes(row: models.OrderSummary) -> None:
    row.payment_status = axes.payment_status(
        total=row.total, captured=row.captured, refunded=row.refunded
    )
    row.fulfillment_status = axes.fulfillment_status(
        ordered=row.units,
        shipped=row.folded.shipped,
        delivered=row.folded.delivered,
        returned=row.returned_units,
    )
