"""P2: rows and checkpoint change together, once, whoever works on the partition.

The scenarios are run against the engine and against a batch without its guards; that
the latter counts points twice, or loses some, proves that the scenario bites.
"""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import DatabaseError, connections

from projections import batch, failure
from projections.batch import Outcome
from tests import cleaning
from tests.integration.eventstore import sessions
from tests.integration.projections import accounts, naive
from tests.integration.projections.accounts import Interrupted, earn, points

pytestmark = pytest.mark.usefixtures("database")


def advance(module, checkpoint, *, projection=None, window=None, **more):
    return module.advance(
        projection or accounts.projection(),
        checkpoint,
        accounts.window(checkpoint) if window is None else window,
        epoch=accounts.epoch(),
        worker="tests",
        **more,
    )


@pytest.fixture
def started(database: None):
    """The checkpoint of an account with 10 points, all folded."""
    accounts.open_account()
    earn(10)
    return accounts.follow()


@pytest.mark.parametrize(("module", "after"), [(batch, 13), (naive, 16)])
def test_it_folds_a_redelivered_batch_once(module, after, started):
    earn(3)
    window = accounts.window(started)
    assert advance(module, started, window=window).outcome is Outcome.ADVANCED
    again = advance(module, started, window=window).outcome
    assert again is (Outcome.OVERTAKEN if module is batch else Outcome.ADVANCED)
    assert points() == after


@pytest.mark.parametrize(("module", "after"), [(batch, 18), (naive, 21)])
def test_it_ignores_a_stale_worker(module, after, started):
    """It read checkpoint and events long ago; others have gone on since."""
    earn(3)
    stale = accounts.window(started)
    accounts.follow()
    earn(5)
    newest = accounts.follow()
    advance(module, started, window=stale)
    assert points() == after
    went_back = accounts.checkpoint().position < newest.position
    assert went_back is (module is naive)


@pytest.mark.parametrize(("module", "after"), [(batch, 13), (naive, 16)])
def test_it_lets_one_of_two_workers_work(module, after, started):
    """The second one comes while the first one is in the middle of the batch."""
    earn(3)
    at_work, go_on = threading.Event(), threading.Event()

    def hold():
        at_work.set()
        assert go_on.wait(timeout=20)

    def first():
        try:
            if module is batch:
                return advance(batch, started, projection=Interrupted(3, hold)).outcome
            return advance(naive, started, before_checkpoint=hold).outcome
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as other:
        running = other.submit(first)
        assert at_work.wait(timeout=20)
        second = advance(module, started).outcome
        go_on.set()
        assert running.result() is Outcome.ADVANCED
    assert second is (Outcome.BUSY if module is batch else Outcome.ADVANCED)
    assert points() == after


def test_it_waits_for_nobody(started):
    """A partition that is taken costs no time: the lease is not waited for."""
    earn(3)
    with sessions.opened(cleaning.read_tables()) as open_session:
        holder = open_session()
        holder.execute("SELECT FROM projections_checkpoint FOR UPDATE")
        assert advance(batch, started).outcome is Outcome.BUSY
    assert advance(batch, started).outcome is Outcome.ADVANCED


def test_it_changes_nothing_when_its_connection_dies_before_the_commit(started):
    earn(3)
    with pytest.raises(DatabaseError) as died:
        advance(batch, started, projection=Interrupted(3, _kill_own_session))
    assert failure.is_infrastructure(died.value)
    assert (points(), accounts.checkpoint().position) == (10, started.position)
    accounts.follow()
    assert points() == 13


def test_it_would_fold_twice_if_rows_and_checkpoint_were_two_transactions(started):
    earn(3)
    with pytest.raises(DatabaseError):
        advance(naive, started, before_checkpoint=_kill_own_session)
    connections["read"].close()
    accounts.follow()
    assert points() == 16


def test_it_changes_nothing_when_the_code_is_broken(started):
    def broken():
        raise ImportError("half a deploy")

    for each in (3, 4, 5):
        earn(each)
    with pytest.raises(ImportError):
        advance(batch, started, projection=Interrupted(4, broken))
    assert (points(), accounts.checkpoint().position) == (10, started.position)


def test_it_stands_at_the_last_committed_event_of_any_type(started):
    """A rolled-back append leaves a hole at the end: nothing ever stands there."""
    with sessions.opened() as open_session:
        writer = open_session()
        hole = writer.append("account-1", 3)
        writer.rollback()
    assert accounts.follow().position == started.position == hole - 1
    with sessions.opened() as open_session:
        other = open_session(autocommit=True).append()
    assert accounts.follow().position == other == hole + 1
    assert accounts.checkpoint().events_folded == 2


def test_it_does_nothing_when_the_settled_position_goes_back(started):
    earn(3)
    before = accounts.follow()
    with sessions.opened() as open_session:
        open_session().execute(
            "SELECT pg_advisory_xact_lock_shared((7::bigint << 48) | 1)"
        )
        after = accounts.follow()
        earn(5)
        held = accounts.follow()
    assert before.position == after.position == held.position
    assert not held.failures
    accounts.follow()
    assert points() == 18


def test_it_does_not_pass_an_open_append(started):
    with sessions.opened() as open_session:
        slow = open_session()
        slow.append()
        earn(3)
        assert accounts.follow().position == started.position
        slow.commit()
    accounts.follow()
    assert points() == 13


def _kill_own_session() -> None:
    with connections["read"].cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    with sessions.opened(cleaning.read_tables()) as open_session:
        killer = open_session(autocommit=True)
        assert killer.value("SELECT pg_terminate_backend(%s, 5000)", [pid])
