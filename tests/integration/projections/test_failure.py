"""A batch that fails: nothing is stored, it says why, and is tried again later."""

import time
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from eventstore import commands
from orders.streams import ORDER
from projections import batch, checkpoints, control, failure, runner, status
from projections.models import Checkpoint
from tests import cleaning
from tests.integration.eventstore import sessions
from tests.integration.projections import accounts
from tests.integration.projections.accounts import earn, points
from tests.loyalty.projections.balance import LoyaltyBalance
from tests.unit.orders.builders import place

pytestmark = pytest.mark.usefixtures("database")


class Bug(Exception):
    pass


@pytest.fixture
def started(database: None) -> Checkpoint:
    accounts.open_account()
    earn(10)
    return accounts.follow()


def due() -> None:
    """As if the time of the next attempt had come."""
    Checkpoint.objects.update(next_attempt_at=timezone.now())


@pytest.fixture
def broken(monkeypatch, started):
    """Code that fails at every event: the projection's fault, not the events'."""

    def failing(self, rows, event):
        raise ImportError("half a deploy")

    monkeypatch.setattr(LoyaltyBalance, "fold", failing)
    earn(3)


def test_it_parks_nothing_when_the_code_is_broken_for_every_event(broken, started):
    failed = accounts.follow()
    assert (failed.failures, failed.state) == (1, Checkpoint.State.RUNNING)
    assert failed.failure["error"] == "ImportError: half a deploy"
    assert "in failing" in failed.failure["traceback"]
    assert (points(), failed.position) == (10, started.position)
    standing = status.of(accounts.NAME)
    assert (standing.dead_letters, standing.lag_events) == (0, 1)


def test_it_waits_twice_as_long_after_each_failure(broken):
    assert delays(attempts=8) == [1, 2, 4, 8, 16, 32, 60, 60]


def test_it_waits_as_long_as_is_configured_for_the_projection(broken, settings):
    settings.CQRS = accounts.configured(
        retry_first_delay_s=10, retry_longest_delay_s=50
    )
    assert delays(attempts=5) == [10, 20, 40, 50, 50]


def delays(*, attempts: int) -> list[int]:
    """Seconds until the next attempt, after each of some that fail."""
    found = []
    for _ in range(attempts):
        due()
        before = timezone.now()
        waits = accounts.follow().next_attempt_at - before
        found.append(round(waits / timedelta(seconds=1)))
    return found


def test_it_does_not_try_again_before_it_is_time(broken):
    accounts.follow()
    assert accounts.NAME not in {each.projection for each in checkpoints.runnable()}
    assert accounts.follow().failures == 1
    due()
    assert accounts.follow().failures == 2


def test_it_shows_as_faulted_after_the_configured_attempts(broken):
    states = []
    for _ in range(5):
        accounts.follow()
        states.append(status.of(accounts.NAME).state)
        due()
    assert states == ["catching_up"] * 4 + ["faulted"]


def test_it_goes_on_by_itself_once_the_code_is_mended(broken, monkeypatch):
    for _ in range(6):
        accounts.follow()
        due()
    monkeypatch.undo()
    mended = accounts.follow()
    assert (mended.failures, mended.failure, mended.next_attempt_at) == (0, None, None)
    assert points() == 13
    assert status.of(accounts.NAME).state == "running"


def test_it_tries_again_at_once_when_an_operator_says_so(broken, monkeypatch):
    accounts.follow()
    monkeypatch.undo()
    control.resume(accounts.NAME, actor=accounts.ADA, reason="mended")
    accounts.follow()
    assert points() == 13


def test_it_does_not_count_a_fault_of_the_database_as_the_events(started, monkeypatch):
    earn(3)
    monkeypatch.setattr(batch, "LEASE", "SELECT %s FROM gone")
    failed = accounts.follow()
    assert "UndefinedTable" in failed.failure["traceback"]  # 42: the projection's fault
    due()
    monkeypatch.setattr(
        batch, "LEASE", "SELECT pg_terminate_backend(pg_backend_pid()), %s::int"
    )
    for _ in range(3):
        runner._guarded_round("tests")
    assert accounts.checkpoint().failures == 1
    monkeypatch.undo()
    accounts.follow()
    assert points() == 13


def test_it_halves_a_batch_that_takes_too_long(started, monkeypatch):
    """Each event takes 20 ms of a lease of 150 ms: forty at once never get through."""
    accounts.earn_many(40)
    accounts.change_lease(monkeypatch, "idle_in_transaction_session_timeout", "150ms")
    _slow_fold(monkeypatch, seconds=0.02)
    for _ in range(20):
        runner._guarded_round("tests")
    assert points() == 50
    assert accounts.checkpoint().failures == 0


def test_it_counts_one_event_that_takes_too_long_as_a_failure(started, monkeypatch):
    earn(3)
    accounts.change_lease(monkeypatch, "idle_in_transaction_session_timeout", "50ms")
    _slow_fold(monkeypatch, seconds=0.3)
    runner._guarded_round("tests")
    failed = accounts.checkpoint()
    assert (failed.failures, failed.failure["category"]) == (1, "handler")
    assert "idle-in-transaction" in failed.failure["error"]


def _slow_fold(monkeypatch, *, seconds: float) -> None:
    fold = LoyaltyBalance.fold

    def slow(self, rows, event):
        time.sleep(seconds)  # the time that folding takes
        fold(self, rows, event)

    monkeypatch.setattr(LoyaltyBalance, "fold", slow)


def test_it_tells_infrastructure_from_the_projections_own_faults():
    assert failure.is_infrastructure(_caused_by("57P01"))
    assert failure.is_infrastructure(_caused_by("40P01"))
    assert failure.is_infrastructure(_caused_by("53300"))
    assert failure.is_infrastructure(_caused_by("08006"))
    assert failure.is_infrastructure(_caused_by("55P03"))
    assert not failure.is_infrastructure(_caused_by("23505"))
    assert not failure.is_infrastructure(_caused_by("22P02"))
    assert not failure.is_infrastructure(_caused_by("42P01"))
    assert not failure.is_infrastructure(_caused_by("57014"))
    assert not failure.is_infrastructure(Bug())


def _caused_by(state: str) -> Exception:
    class Cause(Exception):
        sqlstate = state

    error = Exception()
    error.__cause__ = Cause()
    return error


def test_it_serves_the_others_while_one_waits_for_a_lock(started, monkeypatch):
    """A foreign lock on one read table: infrastructure, so nothing is noted."""
    accounts.change_lease(monkeypatch, "lock_timeout", "50ms")
    earn(3)
    order = commands.handle(
        ORDER,
        uuid4(),
        place(),
        at=accounts.AT,
        context=commands.Context(actor="tests"),
    )
    with sessions.opened(cleaning.read_tables()) as open_session:
        blocker = open_session()
        blocker.execute("LOCK TABLE loyalty_balance IN ACCESS EXCLUSIVE MODE")
        done = runner.run_round(worker="tests")
        assert done.database_error is not None
        for name in ("order_detail", "order_summary"):
            assert checkpoints.live(name)[0].position == order.position
        held = accounts.checkpoint()
        assert (held.position, held.failures) == (started.position, 0)
        blocker.rollback()
    runner.run_round(worker="tests")
    assert points() == 13
