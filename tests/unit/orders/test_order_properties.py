"""What holds at every moment of every order, judged by an oracle."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import get_args

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orders.domain import document, errors, events
from orders.domain.order import Order
from tests.unit.orders.decider import fold
from tests.unit.orders.order_life import OrderLife

AMOUNT_TEXT = re.compile(r"\d+\.\d\d(\d?[1-9])?")
SEEDS = st.integers(0, 2**32)
LENGTHS = st.integers(0, 60)
MANY = settings(
    max_examples=400,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],  # the machine may be busy
)


def moments(seed: int, length: int) -> Iterator[OrderLife]:
    """The life after its beginning and after every step."""
    life = OrderLife(seed)
    yield life
    for _ in range(length):
        life.step()
        yield life


@MANY
@given(seed=SEEDS, length=LENGTHS)
def test_it_never_holds_more_money_than_its_total(seed: int, length: int) -> None:
    for life in moments(seed, length):
        ledger = life.ledger
        assert 0 <= ledger.refunded <= ledger.captured
        assert ledger.captured - ledger.refunded <= ledger.total
        assert len(ledger.references) == len(set(ledger.references))


@MANY
@given(seed=SEEDS, length=LENGTHS)
def test_it_never_ships_delivers_or_takes_back_more_than_there_is(
    seed: int, length: int
) -> None:
    for life in moments(seed, length):
        ledger = life.ledger
        for line_id in ledger.quantities:
            shipped = ledger.shipped[line_id]
            assert 0 <= shipped <= ledger.standing(line_id)
            assert 0 <= ledger.delivered[line_id] <= shipped
            assert 0 <= ledger.returned[line_id] <= shipped
        assert ledger.shipped.keys() <= ledger.quantities.keys()


@MANY
@given(seed=SEEDS, length=LENGTHS)
def test_it_counts_versions_lines_and_shipments_without_holes(
    seed: int, length: int
) -> None:
    for life in moments(seed, length):
        assert life.state().version == len(life.log)
        line_ids = life.ledger.line_ids_given
        assert line_ids == list(range(1, len(line_ids) + 1))
        shipments = life.ledger.shipments
        assert list(shipments) == list(range(1, len(shipments) + 1))


@MANY
@given(seed=SEEDS, length=LENGTHS)
def test_it_is_completed_exactly_when_the_definition_holds(
    seed: int, length: int
) -> None:
    for life in moments(seed, length):
        completed = life.state().status == "completed"
        assert completed == life.ledger.is_complete
        assert life.ledger.count[events.OrderCompleted] == completed


@MANY
@given(seed=SEEDS, length=LENGTHS)
def test_it_stands_as_its_events_say(seed: int, length: int) -> None:
    for life in moments(seed, length):
        order, ledger = life.state(), life.ledger
        assert order.placed_at == life.log[0][1]
        assert order.updated_at == max(at for _, at in life.log)
        assert order.total == ledger.total
        assert order.captured == ledger.captured
        assert order.refunded == ledger.refunded
        assert order.units_ordered == ledger.ordered
        assert order.units_shipped == ledger.shipped.total()
        assert order.units_delivered == ledger.delivered.total()
        assert order.units_returned == ledger.returned.total()
        assert order.payment_status == ledger.payment_status
        assert order.fulfillment_status == ledger.fulfillment_status
        assert {line.line_id for line in order.lines} == ledger.quantities.keys()
        for line in order.lines:
            assert line.quantity == ledger.quantities[line.line_id]
            assert line.cancelled == ledger.cancelled[line.line_id]
            assert line.shipped == ledger.shipped[line.line_id]
            assert line.delivered == ledger.delivered[line.line_id]
            assert line.returned == ledger.returned[line.line_id]


@MANY
@given(seed=SEEDS, length=LENGTHS)
def test_it_folds_to_the_same_state_from_what_is_stored(seed: int, length: int) -> None:
    *_, life = moments(seed, length)
    again: Order | None = None
    for event, at in life.log:
        read = msgspec.json.decode(msgspec.json.encode(event), type=type(event))
        assert read == event
        again = fold(again, [read], at=at)
    assert again == life.order
    snapshot = msgspec.json.encode(again)
    assert msgspec.json.decode(snapshot, type=Order) == life.order


@MANY
@given(seed=SEEDS, length=LENGTHS)
def test_it_shows_in_its_document_what_happened(seed: int, length: int) -> None:
    *_, life = moments(seed, length)
    order, ledger = life.state(), life.ledger
    shown = document.render(order, order_id="id")
    assert json.loads(json.dumps(shown)) == shown
    assert shown["version"] == len(life.log)
    assert shown["status"] == order.status
    assert shown["payment_status"] == ledger.payment_status
    assert shown["fulfillment_status"] == ledger.fulfillment_status
    for name in ("total", "captured", "refunded"):
        assert AMOUNT_TEXT.fullmatch(shown[name])
        assert Decimal(shown[name]) == getattr(ledger, name)
    assert [line["line_id"] for line in shown["lines"]] == sorted(ledger.quantities)
    for line in shown["lines"]:
        line_id = line["line_id"]
        assert line["quantity"] == ledger.quantities[line_id]
        assert Decimal(line["unit_price"]) == ledger.prices[line_id]
        assert line["shipped"] == ledger.shipped[line_id]
        assert line["cancelled"] == ledger.cancelled[line_id]
        assert line["returned"] == ledger.returned[line_id]
    assert len(shown["payments"]) == ledger.count[events.PaymentCaptured]
    assert len(shown["refunds"]) == ledger.count[events.PaymentRefunded]
    assert len(shown["shipments"]) == ledger.count[events.ShipmentSent]
    assert len(shown["notes"]) == ledger.count[events.NoteAdded]


def test_it_meets_every_event_and_every_refusal_on_the_way() -> None:
    """Without this the properties could hold because nothing ever happens."""
    seen: Counter[str] = Counter()
    for seed in range(200):
        *_, life = moments(seed, 40)
        seen += life.seen
    wanted = {each.__name__ for each in get_args(events.OrderEvent)}
    wanted -= {"PersonalTextsErased"}  # no client's command leads to it
    wanted |= {each.code for each in refusals(errors.OrderError)}
    assert {each for each in wanted if seen[each] < 10} == set(), seen


def refusals(root: type[errors.OrderError]) -> list[type[errors.OrderError]]:
    children = root.__subclasses__()
    if not children:
        return [root]
    return [each for child in children for each in refusals(child)]
