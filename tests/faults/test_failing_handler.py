"""P5 at length: a handler that fails at one event in a thousand stops those orders,
in order, and nothing else; once it is mended, everything is as if it never had.

CQRS_FAILING_EVENTS: events in the log at its beginning; 100,000 for the full run.
"""

import os
import sys
import time
from contextlib import contextmanager
from random import Random
from uuid import UUID

import pytest

from eventstore import commands, store
from orders.domain.commands import AddNote
from orders.projections.order_summary import OrderSummary
from orders.streams import ORDER
from projections import control, operating, operations, runner, status
from projections.models import DeadLetter
from tests import cleaning
from tests.faults import independent_fold, order_lives, seen
from tests.faults.seen import OrderSeen
from tests.integration.eventstore import sessions
from tests.integration.projections import accounts

EVENTS = int(os.environ.get("CQRS_FAILING_EVENTS", "20000"))
EACH = 10  # events of an order
ONE_IN = 1_000
FAILING = ("order_summary", "order_seen")
EVENT_IDS = "SELECT event_id, stream, version FROM eventstore_event"


class Bug(Exception):
    pass


@pytest.fixture
def orders(database: None, seed: int) -> list[UUID]:
    return order_lives.append_evenly(Random(seed), orders=EVENTS // EACH, events=EACH)


@pytest.fixture
def recording(database: None):
    with seen.installed():
        yield


def test_it_holds_exactly_the_orders_whose_events_fail(orders, recording, seed):
    numbers, began = Random(seed), time.monotonic()
    bad = _some_events(numbers)  # stream -> version, the first that fails
    with _bug({id for ids in bad.values() for id, _ in ids}):
        _follow()
        followed = time.monotonic() - began
        first_bad = {s: min(version for _, version in ids) for s, ids in bad.items()}
        _assert_held(first_bad)
        _assert_right_but_for(set(first_bad))
        # Later events: of a held order they wait, whatever other orders do.
        behind = {*list(first_bad)[:20]}
        for stream in [*behind, *(f"order-{id}" for id in orders[:50])]:
            _add_note(stream)
        _follow()
        _assert_held(first_bad)
        assert {name: status.of(name).state for name in FAILING} == dict.fromkeys(
            FAILING, "running"
        )
    retried = _retry_all(behind)
    assert not DeadLetter.objects.exists()
    _assert_right_but_for(set())
    assert seen.versions() == {
        stream: list(range(1, version + 1)) for stream, version in _versions().items()
    }
    sys.stdout.write(
        f"{EVENTS} events of {len(orders)} orders, {len(first_bad)} held: followed in "
        f"{followed:.1f} s, retried in {retried:.1f} s, "
        f"{time.monotonic() - began:.1f} s in all\n"
    )


def _some_events(numbers: Random) -> dict[str, list[tuple[UUID, int]]]:
    with sessions.opened() as open_session:
        log = open_session().execute(f"{EVENT_IDS} ORDER BY position").fetchall()
    assert len(log) == EVENTS
    found: dict[str, list[tuple[UUID, int]]] = {}
    for event_id, stream, version in numbers.sample(log, EVENTS // ONE_IN):
        found.setdefault(stream, []).append((event_id, version))
    return found


@contextmanager
def _bug(ids: set[UUID]):
    """Both projections fail at these events, after they have changed their rows."""
    with pytest.MonkeyPatch.context() as patched:
        for projection in (OrderSummary, OrderSeen):

            def failing(self, rows, event, fold=projection.fold):
                fold(self, rows, event)
                if event.event_id in ids:
                    raise Bug(str(event.event_id))

            patched.setattr(projection, "fold", failing)
        yield


def _follow() -> None:
    while runner.run_round(worker="tests").advanced:
        pass


def _assert_held(expected: dict[str, int]) -> None:
    """Those orders, from those versions on; of them only what came before is seen."""
    for name in FAILING:
        letters = DeadLetter.objects.filter(projection=name)
        assert dict(letters.values_list("stream", "version")) == expected
    assert set(DeadLetter.objects.values_list("projection", flat=True)) == {*FAILING}
    found = seen.versions()
    for stream, version in expected.items():
        assert found.get(stream, []) == list(range(1, version))
    for stream, version in _versions().items():
        if stream not in expected:
            assert found[stream] == list(range(1, version + 1))


def _assert_right_but_for(held: set[str]) -> None:
    """order_summary's rows of all orders but those, and order_detail's of all."""
    with sessions.opened() as open_session:
        folded = independent_fold.orders(open_session())
        reader = open_session(cleaning.read_tables())
        summaries = independent_fold.actual_summaries(reader)
        details = independent_fold.actual_details(reader)
    assert details == independent_fold.expected_details(folded)
    expected = independent_fold.expected_summaries(folded)
    without = {stream.removeprefix("order-") for stream in held}
    assert _except(summaries, without) == _except(expected, without)


def _except(rows: dict[str, tuple], ids: set[str]) -> dict[str, tuple]:
    return {id: row for id, row in rows.items() if id not in ids}


def _versions() -> dict[str, int]:
    with sessions.opened() as open_session:
        found = open_session().execute(
            "SELECT stream, max(version) FROM eventstore_event GROUP BY stream"
        )
        return dict(found.fetchall())


def _add_note(stream: str) -> None:
    commands.handle(
        ORDER,
        stream.removeprefix("order-"),
        AddNote(text="while it was held"),
        at=accounts.AT,
        context=commands.Context(actor="faults"),
    )


def _retry_all(behind: set[str]) -> float:
    """Retries what both hold, while more events arrive; the seconds it took."""
    began = time.monotonic()
    for name in FAILING:
        held = DeadLetter.objects.filter(projection=name).count()
        operation = control.retry_all(name, actor=accounts.ADA, reason="mended")
        assert operation.total == held
        while not operation.finished_at:
            operating.step(operation)
            for stream in behind:
                _add_note(stream)
            _follow()
            operation = operations.get(operation.pk)
        assert operation.result == {"freed": held, "failed": 0}
    _follow()
    assert all(status.of(name).position == store.head() for name in FAILING)
    return time.monotonic() - began
