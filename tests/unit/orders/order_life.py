"""Random lives of an order: valid and invalid commands, mixed, from any beginning."""

from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal
from typing import ClassVar

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
)

from orders.domain import commands, decide, errors, events, evolve
from orders.domain.order import Order
from orders.domain.rules import Rules
from orders.domain.values import LineQuantity
from tests.unit.orders.builders import ADDRESS, capture, new_line, place
from tests.unit.orders.decider import AT
from tests.unit.orders.ledger import Ledger

RULES = Rules(max_lines=5, default_minimum_order_amount=Decimal("2.00"))
PRICES = st.sampled_from(["0", "0.001", "0.3333", "1.00", "12.50", "99", "2E9"])
QUANTITIES = st.integers(1, 12)
LINES = st.sampled_from([1, 1, 2, 3, 5, 6]).flatmap(
    lambda count: st.lists(
        st.tuples(QUANTITIES, PRICES), min_size=count, max_size=count
    )
)
ODD_AMOUNTS = ["0", "-1", "0.00001", "0.0001", "1E14", "NaN", "sNaN", "Infinity"]


class OrderLife(RuleBasedStateMachine):
    """One order; every rule asks for something that may be refused."""

    seen: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.order: Order | None = None
        self.log: list[tuple[events.OrderEvent, datetime]] = []
        self.ledger = Ledger()

    # How commands are asked, and numbers that are often near what is allowed.

    def ask(self, data: st.DataObject, command: commands.OrderCommand) -> None:
        at = AT + timedelta(minutes=data.draw(st.integers(-9, 9), label="at"))
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

    def amount(self, data: st.DataObject, most: Decimal) -> Decimal:
        near = [str(most), str(most / 2 // Decimal("0.01") / 100), str(most + 1)]
        return Decimal(data.draw(st.sampled_from(near * 6 + ODD_AMOUNTS)))

    def parts(
        self, data: st.DataObject, available: dict[int, int]
    ) -> tuple[LineQuantity, ...]:
        there = [each for each in available if available[each] > 0]
        ids = st.sampled_from([*there * 3, 1, 99])
        return tuple(
            LineQuantity(
                line_id=line_id,
                quantity=data.draw(st.integers(1, available.get(line_id, 0) + 1)),
            )
            for line_id in data.draw(st.lists(ids, min_size=1, max_size=3))
        )

    def add_line(self, data: st.DataObject, quantity: int, price: str) -> None:
        line = new_line(quantity, price)
        self.ask(data, msgspec.convert(line, commands.AddLine, from_attributes=True))

    def line_id(self, data: st.DataObject) -> int:
        there = [line.line_id for line in self.state().lines]
        some = st.sampled_from([*there * 3, 0, self.state().last_line_id + 1])
        return int(data.draw(some))

    def shipment_id(self, data: st.DataObject) -> int:
        last = len(self.state().shipments)
        return int(data.draw(st.sampled_from([*range(1, last + 1), 0, last + 1])))

    def state(self) -> Order:
        assert self.order is not None
        return self.order

    # What can be asked.

    @initialize(
        lines=LINES,
        early=st.sampled_from([False, False, True]),
        edited=st.booleans(),
        steps=st.sampled_from([0, 0, 0, 1, 1, 2, 3, 4]),
        data=st.data(),
    )
    def place(
        self,
        lines: list[tuple[int, str]],
        early: bool,
        edited: bool,
        steps: int,
        data: st.DataObject,
    ) -> None:
        """Begins anywhere between a new order and one that is delivered and paid."""
        for command in (
            commands.ConfirmOrder(),
            place(lines=tuple(new_line(*line) for line in lines)),
            place((4, "12.50")),
        ):
            self.ask(data, command)
        if edited:
            self.add_line(data, 1_000_000, "2E9")
            self.ask(data, commands.RemoveLine(line_id=1))
        if early:  # imported history may be shipped before it is confirmed
            first = self.state().lines[0]
            part = LineQuantity(line_id=first.line_id, quantity=first.quantity)
            sent = events.ShipmentSent(
                shipment_id=1, carrier="c", tracking_number="t", lines=(part,)
            )
            self.happen([sent], AT)
        progress: list[commands.OrderCommand] = [
            commands.ConfirmOrder(),
            commands.ShipOrder(carrier="c", tracking_number="t"),
            commands.MarkDelivered(shipment_id=1),
            capture(str(self.state().total)),
        ]
        for step in progress[:steps]:
            self.ask(data, step)

    @rule(data=st.data(), quantity=QUANTITIES, price=PRICES)
    def add_some_line(self, data: st.DataObject, quantity: int, price: str) -> None:
        self.add_line(data, quantity, price)

    @rule(data=st.data(), quantity=st.integers(0, 12))
    def change_quantity(self, data: st.DataObject, quantity: int) -> None:
        line_id = self.line_id(data)
        command = commands.ChangeLineQuantity(line_id=line_id, quantity=quantity)
        self.ask(data, command)

    @rule(data=st.data())
    def remove_line(self, data: st.DataObject) -> None:
        self.ask(data, commands.RemoveLine(line_id=self.line_id(data)))

    @rule(
        data=st.data(),
        command=st.sampled_from(
            [
                commands.ReturnLines(lines=(), reason="r"),
                commands.AddNote(text="a note"),
                commands.ChangeShippingAddress(shipping_address=ADDRESS),
                commands.ConfirmOrder(),
            ]
        ),
    )
    def other(self, data: st.DataObject, command: commands.OrderCommand) -> None:
        self.ask(data, command)

    @rule(data=st.data(), expire=st.booleans())
    def end(self, data: st.DataObject, expire: bool) -> None:
        command = commands.ExpireOrder() if expire else commands.CancelOrder(reason="r")
        self.ask(data, command)

    @rule(data=st.data(), reference=st.sampled_from("abcdef"))
    def capture(self, data: st.DataObject, reference: str) -> None:
        open_amount = max(Decimal(0), self.state().total - self.state().captured)
        amount = self.amount(data, open_amount)
        self.ask(
            data,
            commands.CapturePayment(amount=amount, method="card", reference=reference),
        )

    @rule(data=st.data())
    def fail_payment(self, data: st.DataObject) -> None:
        amount = self.amount(data, self.state().total)
        self.ask(
            data,
            commands.RecordPaymentFailure(amount=amount, method="card", reason="r"),
        )

    @rule(data=st.data())
    def refund(self, data: st.DataObject) -> None:
        amount = self.amount(data, self.state().captured - self.state().refunded)
        self.ask(data, commands.RefundPayment(amount=amount, reason="r"))

    @rule(data=st.data(), everything=st.booleans())
    def ship(self, data: st.DataObject, everything: bool) -> None:
        left = {line.line_id: line.unshipped for line in self.state().lines}
        parts = None if everything else self.parts(data, left)
        self.ask(
            data, commands.ShipOrder(carrier="c", tracking_number="t", lines=parts)
        )

    @precondition(lambda self: self.state().shipments)
    @rule(data=st.data())
    def deliver(self, data: st.DataObject) -> None:
        shipment_id = self.shipment_id(data)
        self.ask(data, commands.MarkDelivered(shipment_id=shipment_id))

    @precondition(lambda self: self.state().shipments)
    @rule(data=st.data())
    def fail_delivery(self, data: st.DataObject) -> None:
        shipment_id = self.shipment_id(data)
        command = commands.RecordDeliveryFailure(shipment_id=shipment_id, reason="r")
        self.ask(data, command)

    @rule(data=st.data())
    def return_lines(self, data: st.DataObject) -> None:
        left = {line.line_id: line.returnable for line in self.state().lines}
        command = commands.ReturnLines(lines=self.parts(data, left), reason="r")
        self.ask(data, command)

    @rule(data=st.data())
    def cancel_lines(self, data: st.DataObject) -> None:
        left = {line.line_id: line.unshipped for line in self.state().lines}
        command = commands.CancelLines(lines=self.parts(data, left), reason="r")
        self.ask(data, command)
