"""An oracle for properties: sums over events, kept without the domain's own folding."""

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal

from orders.domain import events
from orders.domain.values import LineQuantity


class Ledger:
    """Units are counted by line id; `shipments` has the parts under way by id."""

    def __init__(self) -> None:
        self.count: Counter[type[events.Event]] = Counter()
        self.prices: dict[int, Decimal] = {}
        self.quantities: dict[int, int] = {}
        self.cancelled: Counter[int] = Counter()
        self.shipped: Counter[int] = Counter()
        self.delivered: Counter[int] = Counter()
        self.returned: Counter[int] = Counter()
        self.captured = Decimal(0)
        self.refunded = Decimal(0)
        self.shipments: dict[int, Iterable[LineQuantity]] = {}
        self.line_ids_given: list[int] = []
        self.references: list[str] = []

    def record(self, event: events.OrderEvent) -> None:
        self.count[type(event)] += 1
        match event:
            case events.OrderPlaced():
                for line in event.lines:
                    self._open(line)
            case events.LineAdded():
                self._open(event)
            case events.LineQuantityChanged():
                self.quantities[event.line_id] = event.quantity
            case events.LineRemoved():
                del self.quantities[event.line_id]
            case events.LinesCancelled():
                self._count(self.cancelled, event.lines)
            case events.LinesReturned():
                self._count(self.returned, event.lines)
            case events.ShipmentSent():
                self._count(self.shipped, event.lines)
                self.shipments[event.shipment_id] = event.lines
            case events.ShipmentDelivered():
                self._count(self.delivered, self.shipments[event.shipment_id])
            case events.PaymentCaptured():
                self.captured += event.amount
                self.references.append(event.reference)
            case events.PaymentRefunded():
                self.refunded += event.amount

    def _open(self, line: events.PlacedLine) -> None:
        self.line_ids_given.append(line.line_id)
        self.prices[line.line_id] = line.unit_price
        self.quantities[line.line_id] = line.quantity

    def _count(self, counter: Counter[int], parts: Iterable[LineQuantity]) -> None:
        for part in parts:
            counter[part.line_id] += part.quantity

    def standing(self, line_id: int) -> int:
        return self.quantities[line_id] - self.cancelled[line_id]

    @property
    def total(self) -> Decimal:
        return sum(
            (self.standing(each) * self.prices[each] for each in self.quantities),
            start=Decimal(0),
        )

    @property
    def ordered(self) -> int:
        return sum(map(self.standing, self.quantities))

    @property
    def is_complete(self) -> bool:
        """The contract's definition of completed."""
        return (
            self.count[events.OrderConfirmed] > 0
            and self.count[events.OrderCancelled] == 0
            and self.captured >= self.total
            and self.delivered.total() == self.ordered
        )

    @property
    def payment_status(self) -> str:
        if self.refunded == self.captured > 0:
            return "refunded"
        if self.refunded > 0:
            return "partially_refunded"
        if self.captured >= self.total:
            return "paid"
        return "partially_paid" if self.captured > 0 else "unpaid"

    @property
    def fulfillment_status(self) -> str:
        ordered, returned = self.ordered, self.returned.total()
        if returned > 0:
            return "returned" if returned == ordered else "partially_returned"
        if ordered == 0 or self.shipped.total() == 0:
            return "unfulfilled"
        if self.delivered.total() == ordered:
            return "delivered"
        return "shipped" if self.shipped.total() == ordered else "partially_shipped"
