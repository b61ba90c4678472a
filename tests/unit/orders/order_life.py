"""Random lives of an order: valid and invalid commands, mixed, from any beginning.

Drawn from a seeded generator: Hypothesis chooses the seed and the length of a life (so
that a failing life is cut to its shortest beginning) but not every step, because then
few lives got as far as returns, refunds and cancelled lines.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from orders.domain import commands, decide, errors, events, evolve
from orders.domain.order import Order
from orders.domain.rules import Rules
from orders.domain.values import LineQuantity
from tests.unit.orders.builders import ADDRESS, new_line, place
from tests.unit.orders.decider import AT
from tests.unit.orders.ledger import Ledger

RULES = Rules(max_lines=5, default_minimum_order_amount=Decimal("2.00"))
PRICES = ["0", "0.001", "0.3333", "1.00", "12.50", "99", "2E9"]
ODD_AMOUNTS = ["0", "-1", "0.00001", "0.0001", "1E14", "NaN", "sNaN", "Infinity"]


class OrderLife:
    """`log` has what happened and when, `seen` counts event types and refusals."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.order: Order | None = None
        self.log: list[tuple[events.OrderEvent, datetime]] = []
        self.ledger = Ledger()
        self.seen: Counter[str] = Counter()
        self.begin()

    def begin(self) -> None:
        """Some lives begin as imported history: shipped before they are confirmed."""
        self.ask(commands.ConfirmOrder())
        self.ask(place(lines=tuple(map(self.line, range(self.random.randint(0, 6))))))
        self.ask(place((4, "12.50")))
        if self.random.random() < 0.2:
            first = self.state().lines[0]
            part = LineQuantity(line_id=first.line_id, quantity=first.quantity)
            sent = events.ShipmentSent(
                shipment_id=1, carrier="c", tracking_number="t", lines=(part,)
            )
            self.happen([sent], AT)

    def step(self) -> None:
        """One command in five is any, the others are what the status mostly allows."""
        likely = STEPS.get(self.state().status, ANY_STEP)
        steps = likely if self.random.random() < 0.8 else ANY_STEP
        self.ask(self.random.choice(steps)(self))

    def ask(self, command: commands.OrderCommand) -> None:
        at = AT + timedelta(minutes=self.random.randint(-9, 9))
        try:
            decided = decide.decide(self.order, command, at=at, rules=RULES)
        except errors.OrderError as refusal:
            self.seen[refusal.code] += 1
            return
        assert decided
        self.happen(decided, at)

    def happen(self, happened: list[events.OrderEvent], at: datetime) -> None:
        for event in happened:
            self.order = evolve.evolve(self.order, event, at=at)
            self.ledger.record(event)
            self.log.append((event, at))
            self.seen[type(event).__name__] += 1

    def state(self) -> Order:
        assert self.order is not None
        return self.order

    # Numbers that are often near what is allowed.

    def line(self, _: int = 0) -> commands.NewLine:
        quantity = self.random.choice([1, 2, 3, 12, 1_000_000, 0])
        return new_line(quantity, self.random.choice(PRICES))

    def amount(self, most: Decimal) -> Decimal:
        near = [most, most, most / 2 // Decimal("0.01") / 100, most + Decimal("0.01")]
        odd = Decimal(self.random.choice(ODD_AMOUNTS))
        return self.random.choice([*near, odd])

    def parts(self, available: dict[int, int]) -> tuple[LineQuantity, ...]:
        there = [each for each in available if available[each] > 0] or [1]
        chosen = self.random.choices(there, k=self.random.choice([0, 1, 1, 1, 2, 3]))
        if self.random.random() < 0.1:
            chosen.append(99)
        return tuple(
            LineQuantity(
                line_id=line_id,
                quantity=self.random.randint(1, max(1, available.get(line_id, 0)))
                + self.random.choice([0, 0, 0, 1]),
            )
            for line_id in chosen
        )

    def unshipped(self) -> tuple[LineQuantity, ...]:
        return self.parts({line.line_id: line.unshipped for line in self.state().lines})

    def line_id(self) -> int:
        there = [line.line_id for line in self.state().lines]
        ids: list[int] = [*there, *there, 0, self.state().last_line_id + 1]
        return self.random.choice(ids)

    def shipment_id(self) -> int:
        last = len(self.state().shipments)
        ids: list[int] = [*range(1, last + 1), last, last, last + 1]
        return self.random.choice(ids)


Ask = Callable[[OrderLife], commands.OrderCommand]


def add_line(life: OrderLife) -> commands.AddLine:
    line = life.line()
    return commands.AddLine(
        sku=line.sku,
        name=line.name,
        quantity=line.quantity,
        unit_price=line.unit_price,
    )


def change_quantity(life: OrderLife) -> commands.ChangeLineQuantity:
    quantity = life.random.randint(0, 12)
    return commands.ChangeLineQuantity(line_id=life.line_id(), quantity=quantity)


def remove_line(life: OrderLife) -> commands.RemoveLine:
    return commands.RemoveLine(line_id=life.line_id())


def change_address(life: OrderLife) -> commands.ChangeShippingAddress:
    return commands.ChangeShippingAddress(shipping_address=ADDRESS)


def add_note(life: OrderLife) -> commands.AddNote:
    return commands.AddNote(text="a note")


def confirm(life: OrderLife) -> commands.ConfirmOrder:
    return commands.ConfirmOrder()


def cancel(life: OrderLife) -> commands.CancelOrder:
    return commands.CancelOrder(reason="r")


def expire(life: OrderLife) -> commands.ExpireOrder:
    return commands.ExpireOrder()


def capture(life: OrderLife) -> commands.CapturePayment:
    order = life.state()
    amount = life.amount(max(Decimal(0), order.total - order.captured))
    reference = life.random.choice("abcdefgh")
    return commands.CapturePayment(amount=amount, method="card", reference=reference)


def fail_payment(life: OrderLife) -> commands.RecordPaymentFailure:
    amount = life.amount(life.state().total)
    return commands.RecordPaymentFailure(amount=amount, method="card", reason="r")


def refund(life: OrderLife) -> commands.RefundPayment:
    amount = life.amount(life.state().captured - life.state().refunded)
    return commands.RefundPayment(amount=amount, reason="r")


def ship(life: OrderLife) -> commands.ShipOrder:
    lines = life.random.choice([None, life.unshipped()])
    return commands.ShipOrder(carrier="c", tracking_number="t", lines=lines)


def deliver(life: OrderLife) -> commands.MarkDelivered:
    return commands.MarkDelivered(shipment_id=life.shipment_id())


def fail_delivery(life: OrderLife) -> commands.RecordDeliveryFailure:
    shipment_id = life.shipment_id()
    return commands.RecordDeliveryFailure(shipment_id=shipment_id, reason="r")


def return_lines(life: OrderLife) -> commands.ReturnLines:
    left = {line.line_id: line.returnable for line in life.state().lines}
    return commands.ReturnLines(lines=life.parts(left), reason="r")


def cancel_lines(life: OrderLife) -> commands.CancelLines:
    return commands.CancelLines(lines=life.unshipped(), reason="r")


EDITING: Sequence[Ask] = [add_line, change_quantity, remove_line, change_address]
SENDING: Sequence[Ask] = [ship, deliver, fail_delivery, cancel_lines, return_lines]
MONEY: Sequence[Ask] = [capture, refund, fail_payment]
STEPS: dict[str, Sequence[Ask]] = {
    "pending": [*EDITING, *EDITING, *MONEY, add_note, confirm],
    "confirmed": [*SENDING, *MONEY],
}
ANY_STEP = [*EDITING, *SENDING, *MONEY, add_note, confirm, cancel, expire]
