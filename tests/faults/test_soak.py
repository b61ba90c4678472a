"""P1 and P2 under load: eight writers of every kind, two followers, nothing lost.

A naive reader runs beside ours: what it loses shows how often commits overtook.
"""

import json
import sys
import threading
import time
from contextlib import contextmanager
from random import Random

import pytest
from django.db import connections

from eventstore import settled, store
from projections import checkpoints, status
from tests import cleaning
from tests.faults import nursery
from tests.integration.eventstore import readers, sessions
from tests.integration.orders import read_models
from tests.integration.projections import accounts

WRITERS, FOLLOWERS = 8, 2
LOCK = "PERFORM pg_advisory_xact_lock_shared("
PAUSE = "PERFORM pg_sleep(random() * 0.02) WHERE random() < 0.3; "
LOG = (
    "SELECT position, event_id::text, stream, version FROM eventstore_event ORDER BY 1"
)


class Watch:
    """Both readers, and the settled position, looked at all the time."""

    def __init__(self) -> None:
        self.ours = readers.Follower(readers.settled)
        self.naive = readers.Follower(readers.naive)
        self.looks = 0
        self.went_back = 0

    def look(self, ended: threading.Event) -> None:
        highest = 0
        try:
            while not ended.is_set():
                now = settled.position().settled
                self.went_back += now < highest
                highest = max(highest, now)
                self.naive.poll()
                self.ours.poll()
                self.looks += 1
                time.sleep(0.002)  # leaves the processors to the writers
            self.naive.poll()
            self.ours.poll()
        finally:
            connections.close_all()


@contextmanager
def watching():
    watch, ended = Watch(), threading.Event()
    thread = threading.Thread(target=watch.look, args=[ended])
    thread.start()
    try:
        yield watch
    finally:
        ended.set()
        thread.join()


@pytest.fixture
def hesitating(database: None):
    """Appends that pause between reading their floor and publishing it.

    The gap is there without it, too short to be met often.
    """
    with sessions.opened() as open_session:
        owner = open_session(autocommit=True)
        made = owner.value("SELECT pg_get_functiondef('eventstore_floor'::regproc)")
        assert made.count(LOCK) == 1
        owner.execute(made.replace(LOCK, PAUSE + LOCK))
        yield
        owner.execute(made)


@pytest.mark.usefixtures("hesitating")
def test_it_skips_repeats_and_reorders_nothing(children, seed, soak_seconds, tmp_path):
    if not soak_seconds:
        pytest.skip("CQRS_SOAK_SECONDS=0")
    numbers = Random(seed)
    followers = [children.start("follower") for _ in range(FOLLOWERS)]
    began = time.monotonic()
    with watching() as watch:
        results = [tmp_path / f"writer-{n}" for n in range(WRITERS)]
        writers = [
            children.start(
                "writer",
                seed=numbers.getrandbits(32),
                seconds=soak_seconds,
                result=str(result),
            )
            for result in results
        ]
        sessions.wait_until(
            lambda: not any(nursery.runs(pid) for pid in writers),
            seconds=soak_seconds + 60,
        )
        written = time.monotonic() - began
        sessions.wait_until(_caught_up, seconds=120)
        caught_up = time.monotonic() - began - written
    assert all(nursery.runs(pid) for pid in followers)

    answers = [json.loads(result.read_text()) for result in results]
    with sessions.opened() as open_session:
        session = open_session()
        log = session.execute(LOG).fetchall()
    committed = [position for position, *_ in log]
    lost = len(set(committed) - set(watch.naive.seen))
    _report(answers, committed, watch, written, caught_up, lost)

    accepted = [each for answer in answers for each in answer["committed"]]
    assert sorted(event_id for _, event_id, *_ in log) == sorted(accepted)
    assert _in_order(log)
    assert watch.ours.seen == committed
    assert lost, "no commit overtook another: the soak proves nothing"
    assert {
        name: {each.events_folded for each in checkpoints.live(name)}
        for name in ("order_summary", "order_detail")
    } == {"order_summary": {len(log)}, "order_detail": {len(log)}}
    assert read_models.wrong() == {}  # raises where a version is missing


def _caught_up() -> bool:
    head = store.head()
    # The followers do not know the tests' own domain.
    standing = [each for each in status.all() if each.name != accounts.NAME]
    assert not any(each.last_error for each in standing)
    return all(each.position == head for each in standing)


def _in_order(log: list[tuple]) -> bool:
    """Whether every stream's versions rise by one from 1, in order of position."""
    newest: dict[str, int] = {}
    for _, _, stream, version in log:
        if version != newest.get(stream, 0) + 1:
            return False
        newest[stream] = version
    return True


def _report(answers, committed, watch, written, caught_up, lost) -> None:
    total = {
        name: sum(each[name] for each in answers)
        for name in ("transactions", "undone", "lost")
    }
    sys.stdout.write(
        f"{cleaning.on_test_database().rpartition('/')[2]}: {len(committed)} events in "
        f"{written:.1f} s, {total}, holes {committed[-1] - len(committed)}; "
        f"{watch.looks} looks, settled went back {watch.went_back} times; "
        f"a naive reader lost {lost}; followers level after {caught_up:.2f} s\n"
    )
