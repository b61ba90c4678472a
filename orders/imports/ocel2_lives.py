"""The lives of the orders of an OCEL 2.0 log, one source event after another."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC
from decimal import Decimal
from uuid import UUID

from orders.domain import decide, events, evolve, money, rules
from orders.domain.axes import Status
from orders.domain.order import Order
from orders.domain.values import Address, Channel, LineQuantity
from orders.imports import history
from orders.imports.history import History
from orders.imports.ocel2_file import Event, Objects

NAME = "ocel2"
CURRENCY = "EUR"
UNKNOWN = "unknown"
METHOD = CARRIER = "import"
# The price of every order in the log is that of its items and this.
SHIPPING_SKU = "SHIPPING"
SHIPPING_PRICE = Decimal("5.00")


class Refused(Exception):
    """A source event that fits to no order."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail


@dataclass(slots=True, kw_only=True)
class Life:
    """An order so far. line_of: by item; shipment_of: by package; read: of the log."""

    order_id: UUID
    order: Order
    line_of: dict[str, int]
    shipment_of: dict[str, int] = field(default_factory=dict)
    histories: list[History] = field(default_factory=list)
    read: int = 0


class Lives:
    """Each method takes one source event and returns the orders it touched, 1 or more.

    Raises Refused, and nothing has changed then.
    """

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._lives: dict[str, Life] = {}
        self._owner: dict[str, Life] = {}
        self._carried: dict[str, list[Life]] = {}
        self._sent: set[str] = set()

    def __iter__(self) -> Iterator[Life]:
        return iter(self._lives.values())

    def place(self, event: Event) -> list[Life]:
        reference = self._one(event, "orders")
        if reference in self._lives:
            raise Refused("order-exists", reference)
        customer = self._one(event, "customers")
        lines, line_of = self._lines(event, reference)
        order_id = history.order_id_of(source=NAME, reference=reference)
        placed = events.OrderPlaced(
            order_id=order_id,
            customer_id=customer,
            currency=CURRENCY,
            lines=lines,
            shipping_address=Address(
                name=customer, line1=UNKNOWN, city=UNKNOWN, country=UNKNOWN
            ),
            external_reference=reference,
            channel=Channel(kind="import", name=NAME),
        )
        order = evolve.evolve(None, placed, at=event.time.astimezone(UTC))
        life = Life(order_id=order_id, order=order, line_of=line_of)
        life.histories.append(_history(life, event, [placed]))
        self._lives[reference] = life
        self._owner.update(dict.fromkeys(line_of, life))
        return [life]

    def confirm(self, event: Event) -> list[Life]:
        life = self._life(event)
        if life.order.status is not Status.PENDING:
            raise Refused("confirmed-before")
        return [_live(life, event, events.OrderConfirmed())]

    def pay(self, event: Event) -> list[Life]:
        life = self._life(event)
        if life.order.captured:
            raise Refused("paid-before")
        paid = events.PaymentCaptured(
            amount=life.order.total, method=METHOD, reference=event.id
        )
        return [_live(life, event, paid)]

    def remind(self, event: Event) -> list[Life]:
        return [_live(self._life(event), event, events.NoteAdded(text=event.type))]

    def send(self, event: Event) -> list[Life]:
        package = self._one(event, "packages")
        if package in self._carried:
            raise Refused("sent-before", package)
        items = self._objects.related(event, type="items")
        contents: dict[str, Counter[int]] = {}
        for item in items:
            if item not in self._owner:
                raise Refused("unknown-item", item)
            if item in self._sent:
                raise Refused("sent-before", item)
            life = self._owner[item]
            reference = life.order.external_reference or ""
            contents.setdefault(reference, Counter())[life.line_of[item]] += 1
        if not contents:
            raise Refused("incomplete", "no items")
        self._sent.update(items)
        self._carried[package] = [
            _ship(self._lives[reference], event, package, units)
            for reference, units in contents.items()
        ]
        return self._carried[package]

    def fail(self, event: Event) -> list[Life]:
        package = self._under_way(event)
        return [
            _live(
                life,
                event,
                events.DeliveryFailed(
                    shipment_id=life.shipment_of[package], reason=event.type
                ),
            )
            for life in self._carried[package]
        ]

    def deliver(self, event: Event) -> list[Life]:
        package = self._under_way(event)
        return [
            _live(
                life,
                event,
                events.ShipmentDelivered(shipment_id=life.shipment_of[package]),
            )
            for life in self._carried[package]
        ]

    def _one(self, event: Event, type: str) -> str:
        found = self._objects.related(event, type=type)
        if len(found) != 1:
            raise Refused("incomplete", f"{len(found)} of {type} instead of 1")
        return found[0]

    def _life(self, event: Event) -> Life:
        reference = self._one(event, "orders")
        if reference not in self._lives:
            raise Refused("unknown-order", reference)
        return self._lives[reference]

    def _under_way(self, event: Event) -> str:
        package = self._one(event, "packages")
        if package not in self._carried:
            raise Refused("unknown-package", package)
        first = self._carried[package][0]
        shipments = {each.shipment_id: each for each in first.order.shipments}
        if shipments[first.shipment_of[package]].delivered_at is not None:
            raise Refused("delivered-before", package)
        return package

    def _lines(
        self, event: Event, reference: str
    ) -> tuple[tuple[events.PlacedLine, ...], dict[str, int]]:
        """The lines of the order that is placed, and to which its items belong."""
        units: Counter[tuple[str, Decimal]] = Counter()
        key_of = {}
        for item in self._objects.related(event, type="items"):
            if item in self._owner:
                raise Refused("item-ordered-before", item)
            key_of[item] = key = self._product_and_price(item)
            units[key] += 1
        if not 1 <= len(units) < rules.Rules().max_lines:
            raise Refused("incomplete", f"{len(units)} products")
        line_ids = {key: line_id for line_id, key in enumerate(units, start=1)}
        lines = [
            _line(line_ids[key], sku=key[0], quantity=count, unit_price=key[1])
            for key, count in units.items()
        ]
        lines.append(
            _line(
                len(lines) + 1,
                sku=SHIPPING_SKU,
                quantity=1,
                unit_price=SHIPPING_PRICE,
            )
        )
        self._require_total(reference, lines)
        return tuple(lines), {item: line_ids[key] for item, key in key_of.items()}

    def _product_and_price(self, item: str) -> tuple[str, Decimal]:
        products = self._objects.related(item, type="products")
        price = self._objects.price(item)
        if len(products) != 1 or price is None:
            raise Refused("incomplete", f"no product or price of item {item}")
        return products[0], price

    def _require_total(self, reference: str, lines: list[events.PlacedLine]) -> None:
        stated = self._objects.price(reference)
        total = sum((each.quantity * each.unit_price for each in lines), money.ZERO)
        if stated != total:
            raise Refused("price-mismatch", f"stated {stated}, lines {total}")


def _line(
    line_id: int, *, sku: str, quantity: int, unit_price: Decimal
) -> events.PlacedLine:
    return events.PlacedLine(
        line_id=line_id, sku=sku, name=sku, quantity=quantity, unit_price=unit_price
    )


def _ship(life: Life, event: Event, package: str, units: Counter[int]) -> Life:
    shipment_id = len(life.order.shipments) + 1
    if shipment_id == 1:
        units[life.order.lines[-1].line_id] = 1  # SHIPPING goes with the first one
    life.shipment_of[package] = shipment_id
    sent = events.ShipmentSent(
        shipment_id=shipment_id,
        carrier=CARRIER,
        tracking_number=package,
        lines=tuple(
            LineQuantity(line_id=line_id, quantity=units[line_id])
            for line_id in sorted(units)
        ),
    )
    return _live(life, event, sent)


def _live(life: Life, event: Event, happened: events.OrderChanged) -> Life:
    at = event.time.astimezone(UTC)
    life.order = evolve.evolve(life.order, happened, at=at)
    completed = decide.completion(life.order)
    for each in completed:
        life.order = evolve.evolve(life.order, each, at=at)
    life.histories.append(_history(life, event, [happened, *completed]))
    return life


def _history(life: Life, event: Event, happened: list[events.OrderEvent]) -> History:
    return History(
        order_id=life.order_id,
        command_id=f"import:{NAME}:{event.id}",
        at=event.time.astimezone(UTC),
        events=happened,
    )
