"""Maps Online Retail invoices to histories of orders. Judges nothing but the source.

A plain invoice is an order; the lines of a cancellation are returns of the customer's
latest earlier purchases of the same product.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from uuid import UUID

from orders.domain import events, money, rules, values
from orders.domain.values import Address, Channel, LineQuantity
from orders.imports import history, online_retail_file
from orders.imports.history import History, Mapped, Reject, Source
from orders.imports.online_retail_file import MALFORMED, Invoice, Row, rejects_of
from orders.imports.purchases import Purchases, Taken

NAME = "online-retail"
CURRENCY = "GBP"
UNKNOWN = "unknown"
METHOD = CARRIER = "import"

_CANCELLATION = "C"
_ADJUSTMENT = "A"


def read(path: Path) -> Source:
    """The file's invoices, mapped as they are asked for. Raises UnreadableFile."""
    surveyed = online_retail_file.survey(path)
    return Source(
        name=NAME,
        unit="lines",
        total=surveyed.lines,
        mapped=mapped(online_retail_file.invoices(path, surveyed)),
    )


def mapped(invoices: Iterable[Invoice]) -> Iterator[Mapped]:
    """One Mapped per invoice, in the order given, which is that of the history."""
    purchases = Purchases()
    for invoice in invoices:
        if invoice.number.startswith(_ADJUSTMENT):
            rejects = rejects_of(invoice.rows, reason="adjustment")
            histories: list[History] = []
        elif invoice.number.startswith(_CANCELLATION):
            histories, rejects = _cancellation(invoice, purchases)
        else:
            histories, rejects = _sale(invoice, purchases)
        yield Mapped(
            read=invoice.read,
            histories=histories,
            rejects=sorted([*invoice.rejects, *rejects]),
        )


def _sale(invoice: Invoice, purchases: Purchases) -> tuple[list[History], list[Reject]]:
    rejects, sold = [], []
    for row in invoice.rows:
        if fault := _fault_in_sale(invoice, row):
            rejects.append(Reject(row.number, MALFORMED, row.raw, fault))
        elif row.quantity < 0:
            rejects.append(Reject(row.number, "stock-write-off", row.raw))
        else:
            sold.append(row)
    if not sold:
        return [], rejects
    if fault := _fault_of_order(sold):
        return [], [*rejects, *rejects_of(sold, reason=fault)]
    order_id = history.order_id_of(source=NAME, reference=invoice.number)
    lines = tuple(_line(line_id, row) for line_id, row in enumerate(sold, start=1))
    if customer := sold[0].customer:
        purchases.add(customer, order_id=order_id, lines=lines)
    placed = _placed(invoice, sold[0], order_id, lines)
    return [_history(invoice, order_id, _events_of_sale(placed, invoice))], rejects


def _fault_in_sale(invoice: Invoice, row: Row) -> str:
    first = invoice.rows[0]
    if (row.customer, row.country) != (first.customer, first.country):
        return f"customer or country differ from line {first.number} of the invoice"
    if row.price < 0:
        return "UnitPrice is negative"
    return ""


def _fault_of_order(sold: list[Row]) -> str:
    if len(sold) > rules.Rules().max_lines:
        return "too-many-lines"
    if sum(row.quantity * row.price for row in sold) >= money.LIMIT:
        return "total-too-large"
    return ""


def _line(line_id: int, row: Row) -> events.PlacedLine:
    return events.PlacedLine(
        line_id=line_id,
        sku=row.sku,
        name=row.name or row.sku,
        quantity=row.quantity,
        unit_price=row.price,
    )


def _placed(
    invoice: Invoice, first: Row, order_id: UUID, lines: tuple[events.PlacedLine, ...]
) -> events.OrderPlaced:
    customer = first.customer or values.ANONYMOUS
    return events.OrderPlaced(
        order_id=order_id,
        customer_id=customer,
        currency=CURRENCY,
        lines=lines,
        shipping_address=Address(
            name=customer, line1=UNKNOWN, city=UNKNOWN, country=first.country
        ),
        external_reference=invoice.number,
        channel=Channel(kind="import", name=NAME),
    )


def _events_of_sale(
    placed: events.OrderPlaced, invoice: Invoice
) -> list[events.OrderEvent]:
    total = sum(
        (line.quantity * line.unit_price for line in placed.lines), start=money.ZERO
    )
    paid = events.PaymentCaptured(
        amount=money.normalise(total), method=METHOD, reference=invoice.number
    )
    sent = events.ShipmentSent(
        shipment_id=1,
        carrier=CARRIER,
        tracking_number=invoice.number,
        lines=tuple(
            LineQuantity(line_id=line.line_id, quantity=line.quantity)
            for line in placed.lines
        ),
    )
    return [placed, events.OrderConfirmed(), *([paid] if total else []), sent]


def _cancellation(
    invoice: Invoice, purchases: Purchases
) -> tuple[list[History], list[Reject]]:
    returned: dict[UUID, list[Taken]] = {}
    rejects = []
    for row in invoice.rows:
        taken = []
        if row.quantity < 0 and row.customer:
            taken = purchases.take(row.customer, sku=row.sku, units=-row.quantity)
        for each in taken:
            returned.setdefault(each.order_id, []).append(each)
        matched = sum(each.units for each in taken)
        if matched != -row.quantity:
            rejects.append(_reject_of_return(row, matched))
    histories = [
        _history(invoice, order_id, _events_of_return(taken, invoice))
        for order_id, taken in returned.items()
    ]
    return histories, rejects


def _reject_of_return(row: Row, matched: int) -> Reject:
    if row.quantity > 0:
        fault = "Quantity is positive in a cancellation"
        return Reject(row.number, MALFORMED, row.raw, fault)
    if not row.customer:
        return Reject(row.number, "no-customer", row.raw)
    if not matched:
        return Reject(row.number, "no-matching-purchase", row.raw)
    detail = f"{matched} of {-row.quantity} units are returned"
    return Reject(row.number, "partly-matched", row.raw, detail)


def _events_of_return(taken: list[Taken], invoice: Invoice) -> list[events.OrderEvent]:
    amount: Decimal = sum(
        (each.units * each.unit_price for each in taken), start=money.ZERO
    )
    returned = events.LinesReturned(
        lines=values.merge(
            LineQuantity(line_id=each.line_id, quantity=each.units) for each in taken
        ),
        reason=invoice.number,
    )
    if not amount:
        return [returned]
    refunded = events.PaymentRefunded(
        amount=money.normalise(amount), reason=invoice.number
    )
    return [returned, refunded]


def _history(
    invoice: Invoice, order_id: UUID, happened: list[events.OrderEvent]
) -> History:
    return History(
        order_id=order_id,
        command_id=f"import:{NAME}:{invoice.number}",
        at=invoice.rows[0].at,
        events=happened,
    )
