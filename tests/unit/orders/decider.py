"""Given what happened, when a command is asked, then events follow or a refusal.

`given(place(), ConfirmOrder()).when(CancelOrder(reason="r")).then(OrderCancelled(…))`
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from orders.domain import decide, errors, evolve
from orders.domain.commands import OrderCommand
from orders.domain.events import Event, OrderEvent
from orders.domain.order import Order
from orders.domain.rules import Rules

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
RULES = Rules()


@dataclass(frozen=True, kw_only=True)
class Decision:
    order: Order | None
    events: Sequence[OrderEvent]
    refusal: errors.OrderError | None

    def then(self, *expected: OrderEvent) -> Order:
        """Exactly these events; answers the order after them."""
        assert self.refusal is None, self.refusal
        assert list(self.events) == list(expected)
        assert self.order is not None
        return self.order

    def refused(self, error: type[errors.OrderError], **facts: Any) -> None:
        assert type(self.refusal) is error, self.refusal or self.events
        assert {name: getattr(self.refusal, name) for name in facts} == facts
        assert str(self.refusal) == self.refusal.detail != ""


@dataclass(frozen=True, kw_only=True)
class Given:
    order: Order | None
    rules: Rules

    @property
    def state(self) -> Order:
        assert self.order is not None, "no order was placed"
        return self.order

    def when(self, command: OrderCommand) -> Decision:
        try:
            decided = decide.decide(self.order, command, at=AT, rules=self.rules)
        except errors.OrderError as refusal:
            return Decision(order=self.order, events=(), refusal=refusal)
        return Decision(order=fold(self.order, decided), events=decided, refusal=None)


def given(*history: OrderCommand | OrderEvent, rules: Rules = RULES) -> Given:
    """Commands are decided and must be accepted; events are folded as they are."""
    order: Order | None = None
    for step in history:
        if isinstance(step, Event):
            order = evolve.evolve(order, step, at=AT)
        else:
            order = fold(order, decide.decide(order, step, at=AT, rules=rules))
    return Given(order=order, rules=rules)


def fold(
    order: Order | None, happened: Sequence[OrderEvent], *, at: datetime = AT
) -> Order | None:
    for event in happened:
        order = evolve.evolve(order, event, at=at)
    return order
