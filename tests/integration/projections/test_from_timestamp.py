"""A rebuild from a time on: what events since then touch is folded anew, all of it."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from eventstore import commands, touched
from projections import checkpoints, control, errors, operations, runner, status
from projections.models import Checkpoint, DeadLetter
from projections.rebuilding import copying, partial
from tests.integration.projections import accounts, rebuilds
from tests.integration.projections.accounts import NAME, points
from tests.integration.projections.rebuilds import State
from tests.loyalty import domain, models, streams
from tests.loyalty.projections.balance import LoyaltyBalance

pytestmark = pytest.mark.usefixtures("database")

DAY = datetime(2026, 5, 1, tzinfo=UTC)


def happen(id: str, command: domain.Command, *, day: int) -> None:
    commands.handle(
        streams.ACCOUNT,
        id,
        command,
        at=DAY + timedelta(days=day),
        context=commands.Context(actor="tests"),
    )


@pytest.fixture
def history(database: None) -> None:
    """Accounts whose times do not rise with their positions."""
    for id, day in (("old", 0), ("both", 0), ("new", 20), ("late", 1)):
        happen(id, domain.OpenAccount(owner=id), day=day)
        happen(id, domain.EarnPoints(points=10), day=day)
    happen("both", domain.EarnPoints(points=7), day=20)
    happen("late", domain.EarnPoints(points=5), day=19)
    happen("late", domain.EarnPoints(points=1), day=2)
    happen("old", domain.EarnPoints(points=3), day=3)
    accounts.follow()


def all_wrong() -> None:
    models.Balance.objects.update(points=-1)


def test_it_folds_anew_what_was_touched_since_then_and_nothing_else(history):
    all_wrong()
    rebuilds.rebuild(from_timestamp=DAY + timedelta(days=19))
    found = {id: row[1] for id, row in accounts.rows().items()}
    assert found == {"old": -1, "both": 17, "new": 10, "late": 16}
    assert checkpoints.live(NAME)[0].generation == 2


@pytest.mark.parametrize("day", [-1, 0, 2, 19, 20, 21])
def test_it_equals_a_full_rebuild(history, day):
    operation = rebuilds.rebuild(from_timestamp=DAY + timedelta(days=day))
    partly = accounts.rows()
    assert operation.result["comparison"]["tables"]["loyalty_balance"] == {
        "old": 4,
        "new": 4,
        "only_old": 0,
        "only_new": 0,
        "differing": 0,
    }
    rebuilds.rebuild()
    assert accounts.rows() == partly


def test_it_takes_what_happens_meanwhile(history):
    operation = rebuilds.begin(from_timestamp=DAY + timedelta(days=19))
    for number in range(3):
        happen("old", domain.EarnPoints(points=1), day=4)
        happen("new", domain.EarnPoints(points=1), day=21 + number)
        operation = rebuilds.step(operation)
    rebuilds.until(operation, State.FINISHED)
    accounts.follow()
    assert (points("old"), points("new")) == (16, 13)
    assert status.of(NAME).lag_events == 0


def test_it_goes_on_where_a_worker_died(history, monkeypatch):
    monkeypatch.setattr(partial, "STREAMS", 1)
    all_wrong()
    operation = rebuilds.begin(from_timestamp=DAY + timedelta(days=19))
    fold = LoyaltyBalance.fold
    died = []

    def dying(self, rows, event):
        if len(died) < 5 and event.version == 2:
            died.append(event.stream)
            raise ConnectionError("the worker was killed")
        fold(self, rows, event)

    def as_if_infrastructure(error):
        return isinstance(error, ConnectionError)

    from projections import failure

    monkeypatch.setattr(LoyaltyBalance, "fold", dying)
    monkeypatch.setattr(failure, "is_infrastructure", as_if_infrastructure)
    for _ in range(100):
        try:
            operation = rebuilds.step(operation)
        except ConnectionError:
            operation.refresh_from_db()
        if operation.state == State.FINISHED:
            break
    assert len(died) == 5
    found = {id: row[1] for id, row in accounts.rows().items()}
    assert found == {"old": -1, "both": 17, "new": 10, "late": 16}


def test_it_begins_the_copy_again_when_it_was_broken_off(history, monkeypatch):
    operation = rebuilds.begin(from_timestamp=DAY)
    stand = copying._stand

    def dying(*arguments, **more):
        stand(*arguments, **more)
        raise ConnectionError("the worker was killed")

    monkeypatch.setattr(copying, "_stand", dying)
    with pytest.raises(ConnectionError):
        partial.step(operation)
    monkeypatch.undo()
    assert checkpoints.of(NAME, Checkpoint.Role.SHADOW)[0].position == 0
    rebuilds.until(operation, State.FINISHED)
    assert points("late") == 16


def test_it_keeps_what_is_held_and_frees_what_can_be_folded_now(history, monkeypatch):
    fold = LoyaltyBalance.fold

    def failing(self, rows, event):
        if getattr(event.data, "points", None) == 99:
            raise ValueError("99")
        fold(self, rows, event)

    with monkeypatch.context() as patched:
        patched.setattr(LoyaltyBalance, "fold", failing)
        happen("old", domain.EarnPoints(points=99), day=4)
        happen("new", domain.EarnPoints(points=99), day=22)
        accounts.follow()
    # Nobody but us tries again, however slow this machine is.
    DeadLetter.objects.update(state=DeadLetter.State.PARKED, next_attempt_at=None)
    assert status.of(NAME).dead_letters == 2
    rebuilds.rebuild(from_timestamp=DAY + timedelta(days=19))
    assert status.of(NAME).dead_letters == 1
    (held,) = DeadLetter.objects.filter(generation=2)
    assert held.stream == "account-old"
    assert (points("old"), points("new")) == (13, 109)
    assert control.retry(held.pk, actor=accounts.ADA, reason="mended")
    assert points("old") == 112


@pytest.mark.parametrize("partitions", [1, 3])
def test_it_copies_rows_of_one_position_from_any_number_of_partitions(
    history, partitions
):
    control.repartition(NAME, 2, actor=accounts.ADA, reason="tests")
    happen("late", domain.EarnPoints(points=4), day=5)
    while runner.run_round(worker="tests").advanced:
        pass
    rebuilds.rebuild(from_timestamp=DAY + timedelta(days=19), partitions=partitions)
    happen("late", domain.EarnPoints(points=4), day=5)
    accounts.follow()
    assert points("late") == 24


def test_it_leaves_nothing_behind_when_it_is_cancelled(history):
    operation = rebuilds.begin(from_timestamp=DAY)
    rebuilds.step(operation)
    control.cancel(NAME, actor=accounts.ADA, reason="tests")
    assert rebuilds.tables_in("projections_shadow") == []
    assert DeadLetter.objects.count() == 0


def test_it_asks_for_a_full_rebuild_where_the_rows_are_of_another_version(history):
    Checkpoint.objects.filter(projection=NAME).update(version=0)
    with pytest.raises(errors.NotAllowedInState, match="rebuild all of them"):
        rebuilds.begin(from_timestamp=DAY)
    Checkpoint.objects.filter(projection=NAME).update(version=1, state="faulted")
    with pytest.raises(errors.NotAllowedInState, match="do not belong to this log"):
        rebuilds.begin(from_timestamp=DAY)


def test_it_is_not_broken_off_where_a_long_log_is_searched(history, monkeypatch):
    """A session that copies or holds a lease may not be idle for so long."""
    short = operations.TRY_LOCK.replace("'4s'", "'200ms'")
    assert short != operations.TRY_LOCK
    monkeypatch.setattr(operations, "TRY_LOCK", short)
    streams_since = touched.streams_since

    def slowly(*arguments, **more):
        time.sleep(0.5)
        return streams_since(*arguments, **more)

    monkeypatch.setattr(touched, "streams_since", slowly)
    operation = rebuilds.begin(from_timestamp=DAY)
    operation = rebuilds.step(operation)
    assert operation.progress["streams"] == 4
    operation = rebuilds.step(operation)
    assert operation.progress["folded"] == 4
