"""Who waits for leases gets those there are then: a swap or a repartition may be what
it waited for.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from django.db import connections, transaction

from projections import (
    checkpoints,
    control,
    dead_letters,
    partitions,
    repartitioning,
)
from projections.models import Checkpoint, DeadLetter
from projections.rebuilding import swapping
from tests import cleaning
from tests.integration.eventstore import sessions
from tests.integration.projections import accounts, rebuilds
from tests.integration.projections.accounts import NAME, earn, points
from tests.integration.projections.rebuilds import State
from tests.loyalty.projections.balance import LoyaltyBalance

pytestmark = pytest.mark.usefixtures("database")

ASKED = {"actor": accounts.ADA, "reason": "tests"}
# Sessions that wait for a lock.
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"


@pytest.fixture
def started(database: None) -> None:
    accounts.open_account()
    earn(10)
    accounts.follow()


@pytest.fixture
def held(started, monkeypatch) -> DeadLetter:
    """A stream that failed in code that is mended now."""

    def broken(self, rows, event):
        raise ValueError("no")

    with monkeypatch.context() as patched:
        patched.setattr(LoyaltyBalance, "fold", broken)
        earn(5)
        accounts.follow()
    return DeadLetter.objects.get()


@contextmanager
def waiting(act: Callable[[], object]) -> Iterator[Future]:
    """`act` waits for leases that are held where the block begins."""

    def run() -> object:
        try:
            return act()
        finally:
            connections.close_all()

    with (
        sessions.opened(cleaning.read_tables()) as open_session,
        ThreadPoolExecutor(1) as pool,
    ):
        watcher = open_session(autocommit=True)
        with transaction.atomic(using="read"):
            checkpoints.locked(NAME)
            found = pool.submit(run)
            sessions.wait_until(lambda: watcher.value(WAITING))
            yield found


def pause() -> None:
    control.pause(NAME, **ASKED)


def states() -> set[str]:
    return {each.state for each in checkpoints.live(NAME)}


def test_it_is_paused_though_it_was_just_split(started):
    with waiting(pause) as paused:
        repartitioning.change(NAME, 2)
    paused.result()
    assert states() == {"paused"}


def test_it_is_paused_though_other_tables_just_went_live(started):
    operation = rebuilds.until(rebuilds.begin(), State.SWAPPING)
    with waiting(pause) as paused:
        swapping.step(operation)
    paused.result()
    assert states() == {"paused"}
    assert Checkpoint.objects.get(projection=NAME, role="kept").state == "resting"


def test_it_frees_a_held_stream_though_it_was_just_split(held):
    with waiting(lambda: control.retry(held.pk, **ASKED)) as retried:
        repartitioning.change(NAME, 2)
    assert retried.result() is True
    assert points() == 15


def test_it_frees_a_held_stream_while_other_partitions_are_at_work(held):
    """Under load some always are: it would not be tried again until that ends."""
    control.repartition(NAME, 4, **ASKED)
    mine = partitions.bucket(held.stream, 4)
    with sessions.opened(cleaning.read_tables()) as open_session:
        worker = open_session()
        worker.execute(
            "SELECT FROM projections_checkpoint WHERE partition <> %s FOR UPDATE",
            [mine],
        )
        assert dead_letters.retry(held.pk, wait=False) is True
    assert points() == 15


def test_it_does_not_wait_for_a_batch_of_its_own_partition(held):
    control.repartition(NAME, 4, **ASKED)
    mine = partitions.bucket(held.stream, 4)
    with sessions.opened(cleaning.read_tables()) as open_session:
        worker = open_session()
        worker.execute(
            "SELECT FROM projections_checkpoint WHERE partition = %s FOR UPDATE",
            [mine],
        )
        assert dead_letters.retry(held.pk, wait=False) is False
    assert points() == 10
