"""What holds of every order, whatever is asked of it; judged by an oracle."""

import json
import re
from collections import Counter
from decimal import Decimal
from typing import Any, ClassVar, get_args

import msgspec
from hypothesis import HealthCheck, settings
from hypothesis.stateful import invariant, run_state_machine_as_test

from orders.domain import document, errors, events
from orders.domain.order import Order
from tests.unit.orders.decider import fold
from tests.unit.orders.order_life import OrderLife

AMOUNT_TEXT = re.compile(r"\d+\.\d\d(\d?[1-9])?")
LIVES = settings(
    max_examples=150,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],  # the machine may be busy
)


class JudgedLife(OrderLife):
    @invariant()
    def money_adds_up(self) -> None:
        ledger = self.ledger
        assert 0 <= ledger.refunded <= ledger.captured
        assert ledger.captured - ledger.refunded <= ledger.total
        assert len(ledger.references) == len(set(ledger.references))

    @invariant()
    def units_add_up(self) -> None:
        ledger = self.ledger
        for line_id in ledger.quantities:
            shipped = ledger.shipped[line_id]
            assert 0 <= shipped <= ledger.standing(line_id)
            assert 0 <= ledger.delivered[line_id] <= shipped
            assert 0 <= ledger.returned[line_id] <= shipped
        given = ledger.line_ids_given
        assert given == list(range(1, len(given) + 1))
        assert list(ledger.shipments) == list(range(1, len(ledger.shipments) + 1))

    @invariant()
    def it_is_completed_exactly_when_the_definition_holds(self) -> None:
        completed = self.order is not None and self.order.status == "completed"
        assert completed == self.ledger.is_complete
        assert self.ledger.count[events.OrderCompleted] == completed

    @invariant()
    def state_is_what_the_events_say(self) -> None:
        if self.order is None:
            return
        order, ledger = self.order, self.ledger
        assert order.version == len(self.log)
        assert order.placed_at == self.log[0][1]
        assert order.updated_at == max(at for _, at in self.log)
        assert {line.line_id: line.quantity for line in order.lines} == (
            ledger.quantities
        )
        for line in order.lines:
            assert (line.cancelled, line.shipped, line.delivered, line.returned) == (
                ledger.cancelled[line.line_id],
                ledger.shipped[line.line_id],
                ledger.delivered[line.line_id],
                ledger.returned[line.line_id],
            )
        assert (order.units_ordered, order.units_shipped) == (
            ledger.ordered,
            ledger.shipped.total(),
        )
        assert (order.units_delivered, order.units_returned) == (
            ledger.delivered.total(),
            ledger.returned.total(),
        )

    @invariant()
    def the_document_shows_the_state(self) -> None:
        if self.order is None:
            return
        order, ledger = self.order, self.ledger
        shown = document.render(order, order_id="id")
        assert json.loads(json.dumps(shown)) == shown
        assert shown["version"] == len(self.log)
        assert shown["status"] == order.status
        assert shown["payment_status"] == ledger.payment_status
        assert shown["fulfillment_status"] == ledger.fulfillment_status
        for name in ("total", "captured", "refunded"):
            assert AMOUNT_TEXT.fullmatch(shown[name])
            assert Decimal(shown[name]) == getattr(ledger, name)
        for line in shown["lines"]:
            assert self.line_of(line["line_id"]) == line
        for name in ("payments", "refunds", "shipments", "notes"):
            assert len(shown[name]) == len(getattr(order, name))

    def line_of(self, line_id: int) -> dict[str, Any]:
        [line] = [each for each in self.state().lines if each.line_id == line_id]
        return {
            "line_id": line_id,
            "sku": line.sku,
            "name": line.name,
            "quantity": self.ledger.quantities[line_id],
            "unit_price": str(self.ledger.prices[line_id]),
            "shipped": self.ledger.shipped[line_id],
            "cancelled": self.ledger.cancelled[line_id],
            "returned": self.ledger.returned[line_id],
        }

    def teardown(self) -> None:
        """What is stored is read back, and folds to the state that deciding saw."""
        again: Order | None = None
        for event, at in self.log:
            stored = msgspec.json.encode(event)
            read = msgspec.json.decode(stored, type=type(event))
            assert read == event
            again = fold(again, [read], at=at)
        assert again == self.order
        if again is not None:
            snapshot = msgspec.json.encode(again)
            assert msgspec.json.decode(snapshot, type=Order) == self.order


def test_it_keeps_its_promises_whatever_is_asked() -> None:
    run_state_machine_as_test(JudgedLife, settings=LIVES)


def test_it_meets_every_event_and_every_refusal_on_the_way() -> None:
    """The same lives every time, so that what they reach is certain."""

    class CountedLife(OrderLife):
        seen: ClassVar[Counter[str]] = Counter()

    run_state_machine_as_test(
        CountedLife, settings=settings(LIVES, max_examples=200, derandomize=True)
    )
    wanted = {each.__name__ for each in get_args(events.OrderEvent)}
    wanted |= {each.code for each in refusals(errors.OrderError)}
    assert wanted - set(CountedLife.seen) == set(), CountedLife.seen


def refusals(root: type[errors.OrderError]) -> list[type[errors.OrderError]]:
    children = root.__subclasses__()
    if not children:
        return [root]
    return [each for child in children for each in refusals(child)]
