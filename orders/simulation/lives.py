"""What happens to an order, as commands one after another; decided by chance alone.

A life is a generator: it yields what to ask next and is sent the order as it is then
(None while it is not placed), so it knows lines, shipments and sums as they are. A
refusal is no end: callers of a real system err too, and go on.
"""

from collections.abc import Generator
from decimal import Decimal
from random import Random
from typing import NamedTuple

from orders.domain import commands
from orders.domain.commands import OrderCommand
from orders.domain.order import Order, Shipment
from orders.domain.values import LineQuantity
from orders.simulation import baskets, catalogue, customers
from orders.simulation.customers import Customer


class Ask(NamedTuple):
    """A command, to be given after so many commands to other orders."""

    command: OrderCommand
    after: int


Life = Generator[Ask, Order | None, None]
# A part of a life, which hands the order on to the next part.
Part = Generator[Ask, Order | None, Order]


def life(random: Random, *, reference: str) -> Life:
    """One order from placement to its end. `reference` is unique among all runs."""
    return _Actor(random, reference).live()


class _Actor:
    def __init__(self, random: Random, reference: str) -> None:
        self._random = random
        self._reference = reference
        self._customer: Customer = customers.choose(random)
        self._numbers = 0

    def live(self) -> Life:
        order = yield from self._place()
        if order is None:
            return
        order = yield from self._edit(order)
        if self._happens(0.05):
            yield from self._ask(order, commands.ExpireOrder(), after=600)
            return
        if self._happens(0.04):
            yield from self._cancel(order)
            return
        order = yield from self._ask(order, commands.ConfirmOrder())
        pays_later = self._happens(0.15)
        if not pays_later:
            order = yield from self._pay(order)
        if self._happens(0.04):
            yield from self._cancel(order)
            return
        if self._happens(0.05):
            order = yield from self._run_short(order)
        order = yield from self._ship(order)
        order = yield from self._deliver(order)
        if pays_later:
            order = yield from self._pay(order)
        if self._happens(0.14):
            order = yield from self._return(order)
        if self._happens(0.03):
            yield from self._note(order)

    def _place(self) -> Generator[Ask, Order | None, Order | None]:
        lines = baskets.fill(self._random, market=self._customer.market)
        order: Order | None = None
        while order is None:
            order = yield Ask(self._placing(lines), after=0)
            if len(lines) >= baskets.MOST_LINES:
                break
            # Refused as too small: the customer takes one thing more.
            lines = (*lines, baskets.line(self._random, self._customer.market))
        return order

    def _placing(self, lines: tuple[commands.NewLine, ...]) -> commands.PlaceOrder:
        return commands.PlaceOrder(
            customer_id=self._customer.customer_id,
            currency=self._customer.market.currency,
            lines=lines,
            shipping_address=self._customer.address,
            external_reference=self._reference,
            note=self._random.choice(catalogue.NOTES) if self._happens(0.1) else None,
        )

    def _edit(self, order: Order) -> Part:
        while self._happens(0.25):
            order = yield from self._ask(order, self._change(order))
        if self._happens(0.08):
            order = yield from self._note(order)
        return order

    def _change(self, order: Order) -> commands.ChangeOrder:
        line = self._random.choice(order.lines)
        match self._random.choice(("more", "more", "add", "add", "remove", "move")):
            case "more":
                return commands.ChangeLineQuantity(
                    line_id=line.line_id, quantity=self._random.randint(1, 6)
                )
            case "add":
                new = baskets.line(self._random, self._customer.market)
                return commands.AddLine(
                    sku=new.sku,
                    name=new.name,
                    quantity=new.quantity,
                    unit_price=new.unit_price,
                )
            case "remove":
                return commands.RemoveLine(line_id=line.line_id)
            case _:
                return commands.ChangeShippingAddress(
                    shipping_address=customers.address(
                        self._random,
                        market=self._customer.market,
                        name=order.shipping_address.name,
                    )
                )

    def _note(self, order: Order) -> Part:
        text = self._random.choice(catalogue.NOTES)
        return (yield from self._ask(order, commands.AddNote(text=text)))

    def _pay(self, order: Order) -> Part:
        method = self._random.choice(catalogue.METHODS)
        due = order.total - order.captured
        if self._happens(0.08):
            failed = commands.RecordPaymentFailure(
                amount=due,
                method=method,
                reason=self._random.choice(catalogue.PAYMENT_FAILURES),
            )
            order = yield from self._ask(order, failed)
        if self._happens(0.1):
            step = self._customer.market.step
            part = (due * self._random.randint(2, 8) / 10).quantize(step)
            order = yield from self._capture(order, part, method)
        return (yield from self._capture(order, order.total - order.captured, method))

    def _capture(self, order: Order, amount: Decimal, method: str) -> Part:
        if amount <= 0:
            return order
        captured = commands.CapturePayment(
            amount=amount, method=method, reference=self._number("PAY")
        )
        order = yield from self._ask(order, captured)
        if self._happens(0.01):  # the provider reports it once more
            order = yield from self._ask(order, captured)
        return order

    def _refund(self, order: Order, amount: Decimal, reason: str) -> Part:
        if amount <= 0:
            return order
        refund = commands.RefundPayment(amount=amount, reason=reason)
        return (yield from self._ask(order, refund))

    def _cancel(self, order: Order) -> Part:
        """What was paid goes back by itself: the shop has a reactor for that."""
        reason = self._random.choice(catalogue.CANCELLATIONS)
        return (yield from self._ask(order, commands.CancelOrder(reason=reason)))

    def _run_short(self, order: Order) -> Part:
        """Some units cannot be sent: their price goes back, then they are cancelled."""
        line = self._random.choice(order.lines)
        if len(order.lines) == 1 or not line.unshipped:
            return order
        units = self._random.randint(1, line.unshipped)
        reason = self._random.choice(catalogue.SHORTAGES)
        if order.captured:
            order = yield from self._refund(order, units * line.unit_price, reason)
        parts = (LineQuantity(line_id=line.line_id, quantity=units),)
        cancelled = commands.CancelLines(lines=parts, reason=reason)
        return (yield from self._ask(order, cancelled))

    def _ship(self, order: Order) -> Part:
        carrier = self._random.choice(catalogue.CARRIERS)
        for part in self._split(order) if self._happens(0.2) else [None]:
            shipping = commands.ShipOrder(
                carrier=carrier, tracking_number=self._number("TRK"), lines=part
            )
            order = yield from self._ask(order, shipping)
        return order

    def _split(self, order: Order) -> list[tuple[LineQuantity, ...] | None]:
        """Some of the lines first, then the rest."""
        first = tuple(
            LineQuantity(line_id=each.line_id, quantity=each.unshipped)
            for each in order.lines
            if each.unshipped and self._happens(0.5)
        )
        left = sum(each.unshipped for each in order.lines)
        if not first or sum(each.quantity for each in first) == left:
            return [None]
        return [first, None]

    def _deliver(self, order: Order) -> Part:
        for shipment in order.shipments:
            while self._happens(0.12):
                failed = commands.RecordDeliveryFailure(
                    shipment_id=shipment.shipment_id,
                    reason=self._random.choice(catalogue.DELIVERY_FAILURES),
                )
                order = yield from self._ask(order, failed, after=150)
            order = yield from self._arrive(order, shipment)
        return order

    def _arrive(self, order: Order, shipment: Shipment) -> Part:
        delivered = commands.MarkDelivered(shipment_id=shipment.shipment_id)
        order = yield from self._ask(order, delivered, after=200)
        if self._happens(0.01):  # scanned twice
            order = yield from self._ask(order, delivered, after=5)
        return order

    def _return(self, order: Order) -> Part:
        reason = self._random.choice(catalogue.RETURNS)
        returnable = [each for each in order.lines if each.returnable]
        if not returnable:
            return order
        several = self._random.randint(1, min(2, len(returnable)))
        amount = Decimal(0)
        parts = []
        for line in self._random.sample(returnable, several):
            units = self._random.randint(1, line.returnable)
            parts.append(LineQuantity(line_id=line.line_id, quantity=units))
            amount += units * line.unit_price
        returned = commands.ReturnLines(lines=tuple(parts), reason=reason)
        order = yield from self._ask(order, returned, after=300)
        return (yield from self._refund(order, amount, reason))

    def _ask(
        self, order: Order, command: commands.ChangeOrder, *, after: int = 60
    ) -> Part:
        """The command, after about so many commands to others; the order then."""
        pause = round(self._random.expovariate(1 / after))
        return (yield Ask(command, after=pause)) or order

    def _happens(self, probability: float) -> bool:
        return self._random.random() < probability

    def _number(self, kind: str) -> str:
        self._numbers += 1
        return f"{kind}-{self._reference}-{self._numbers}"
