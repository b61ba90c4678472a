"""P7 under load: a rebuild while orders change and readers read, its workers killed,
and once the sessions of all workers ended by the server, as when it restarts.

CQRS_REBUILD_EVENTS: events in the log at its beginning; 1,000,000 for the full run.
"""

import json
import os
import signal
import sys
import threading
import time
from random import Random
from uuid import UUID

import pytest
from django.db import connections

from eventstore import store
from orders import models, queries
from projections import checkpoints, control, operations, runner, status
from projections.models import Checkpoint, Operation
from tests import cleaning
from tests.faults import independent_fold, nursery, order_lives
from tests.integration.eventstore import sessions
from tests.integration.projections import accounts, rebuilds

EVENTS = int(os.environ.get("CQRS_REBUILD_EVENTS", "20000"))
NAME = "order_summary"
RATE = 150  # events a second that sellers append
READERS, KILLS = 2, 3
PATIENCE_S = 60 + EVENTS / 1_000


END_SESSIONS = """
SELECT pg_terminate_backend(pid)
FROM pg_stat_activity
WHERE datname = current_database() AND application_name ~ '^(operator|follower)-'
"""


class Reader(threading.Thread):
    """Reads lists and orders as clients do; an order never goes back to a version."""

    def __init__(self, orders: list[UUID], ended: threading.Event) -> None:
        super().__init__()
        self.orders, self.ended = orders, ended
        self.reads = self.empty = self.older = 0
        self.errors: list[str] = []
        self.longest = 0.0

    def run(self) -> None:
        random = Random()
        versions: dict[UUID, int] = {}
        while not self.ended.is_set():
            began = time.monotonic()
            try:
                page = queries.summaries().order_by("-placed_at", "-order_id")[:50]
                self.empty += len(page) < 50
                for id in random.sample(self.orders, 3):
                    row = models.OrderSummary.objects.filter(pk=id).first()
                    self.empty += row is None
                    if row:
                        self.older += row.version < versions.get(id, 0)
                        versions[id] = row.version
            except Exception as error:
                self.errors.append(repr(error))
            self.longest = max(self.longest, time.monotonic() - began)
            self.reads += 4
            time.sleep(0.01)
        connections.close_all()


@pytest.fixture
def orders(database: None, seed: int) -> list[UUID]:
    """Orders with many events, all of them projected."""
    found = order_lives.append(Random(seed), EVENTS)
    while runner.run_round(worker="tests").advanced:
        pass
    assert status.of(NAME).lag_events == 0
    return found


def test_it_is_noticed_by_nobody(orders, children, seed, tmp_path):
    numbers, stop, sold = Random(seed), tmp_path / "stop", tmp_path / "sold"
    ended = threading.Event()
    readers = [Reader(orders, ended) for _ in range(READERS)]
    children.start("follower")
    children.start("seller", seed=seed, rate=RATE, stop=str(stop), result=str(sold))
    operators = [_operator(children) for _ in range(2)]
    for each in readers:
        each.start()
    try:
        operation = rebuilds.begin(NAME, partitions=2)
        for part in range(1, KILLS + 1):
            _wait_until_filled(operation, part / (KILLS + 1))
            os.kill(operators.pop(numbers.randrange(2)), signal.SIGKILL)
            operators.append(_operator(children))
            if part == 2:
                _end_sessions()
        operation = _wait_for_the_end(operation)
        assert operation.state == Operation.State.FINISHED, operation.note
        back = _wait_for_the_end(
            control.rollback(NAME, actor=accounts.ADA, reason="tests")
        )
        assert back.state == Operation.State.FINISHED, back.note
        again = rebuilds.begin(NAME)
        _wait_until_filled(again, 0.2)
        control.cancel(NAME, actor=accounts.ADA, reason="tests")
    finally:
        stop.touch()
        sessions.wait_until(sold.exists, seconds=30)
        ended.set()
        for each in readers:
            each.join()
    sessions.wait_until(_caught_up, seconds=PATIENCE_S)
    _report(operation, back, readers, json.loads(sold.read_text()))
    assert rebuilds.tables_in("projections_shadow") == []
    assert rebuilds.tables_in("projections_kept") == ["orders_order_summary"]
    assert not [each for reader in readers for each in reader.errors]
    assert [(each.empty, each.older) for each in readers] == [(0, 0)] * READERS
    with sessions.opened() as open_session:
        folded = independent_fold.orders(open_session())
        expected = independent_fold.expected_summaries(folded)
        reader = open_session(cleaning.read_tables())
        assert independent_fold.actual_summaries(reader) == expected
    # The rebuilt tables were kept by the roll back: bring them back, and look again.
    forward = control.rollback(NAME, actor=accounts.ADA, reason="tests")
    assert _wait_for_the_end(forward).state == Operation.State.FINISHED
    with sessions.opened(cleaning.read_tables()) as open_session:
        assert independent_fold.actual_summaries(open_session()) == expected


def _end_sessions() -> None:
    with sessions.opened() as open_session:
        ended = open_session(autocommit=True).execute(END_SESSIONS).fetchall()
    assert len(ended) >= 2, "no worker was connected"


def _operator(children: nursery.Nursery) -> int:
    return children.start("operator", events=max(EVENTS // 20, 500))


def _wait_until_filled(operation: Operation, share: float) -> None:
    def filled() -> bool:
        now = operations.get(operation.pk)
        assert not now.finished_at, now.note
        shadows = [each for each in _shadows() if each.state == "filling"]
        if not shadows:
            return True
        stands = sum(each.position for each in shadows) / len(shadows)
        return stands >= share * EVENTS

    sessions.wait_until(filled, seconds=PATIENCE_S)


def _shadows():
    return checkpoints.of(NAME, Checkpoint.Role.SHADOW)


def _wait_for_the_end(operation: Operation) -> Operation:
    sessions.wait_until(
        lambda: operations.get(operation.pk).finished_at is not None,
        seconds=PATIENCE_S,
    )
    return operations.get(operation.pk)


def _caught_up() -> bool:
    return status.of(NAME).position == store.head()


def _report(operation, back, readers, sold) -> None:
    found = operation.result
    seconds, blocked = found["seconds"], "blocked_readers_at_most_ms"
    sys.stdout.write(
        f"{operation.total} positions in {seconds} s, "
        f"{operation.total / seconds:,.0f} events/s, {KILLS} kills; "
        f"{sold['appended'] / sold['seconds']:.0f} events/s appended meanwhile; "
        f"readers blocked by the swap {found[blocked]} ms at most, by the roll back "
        f"{back.result[blocked]} ms; {sum(each.reads for each in readers)} reads, "
        f"longest round {max(each.longest for each in readers):.3f} s; "
        f"comparison {found['comparison']}\n"
    )
