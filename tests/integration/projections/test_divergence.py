"""A log that is not the one the rows came from: found, said, and never folded over."""

from uuid import uuid4

import pytest

from eventstore.models import Log
from projections import control, errors, failure, status
from projections.models import Checkpoint, Operation
from tests.integration.eventstore import sessions
from tests.integration.projections import accounts, rebuilds
from tests.integration.projections.accounts import earn, points

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def started(database: None) -> Checkpoint:
    accounts.open_account()
    earn(10)
    return accounts.follow()


def another_event(checkpoint: Checkpoint) -> None:
    """The log was restored and went on: another event has the position now."""
    Checkpoint.objects.filter(pk=checkpoint.pk).update(event_id=uuid4())
    earn(3)


def no_event(checkpoint: Checkpoint) -> None:
    """The position is a hole, because its transaction did not come back."""
    with sessions.opened() as open_session:
        writer = open_session()
        hole = writer.append()
        writer.rollback()
    Checkpoint.objects.filter(pk=checkpoint.pk).update(position=hole)
    earn(3)


def shorter_log(checkpoint: Checkpoint) -> None:
    """Restored to before the checkpoint; new events have not come so far yet."""
    Checkpoint.objects.filter(pk=checkpoint.pk).update(position=1000)
    earn(3)


def new_epoch(checkpoint: Checkpoint) -> None:
    """An operator said that the log was restored; nothing was appended since."""
    Log.objects.update(epoch=2)


DIVERGED = [another_event, no_event, shorter_log, new_epoch]
diverge = pytest.mark.parametrize("diverge", DIVERGED, ids=lambda way: way.__name__)


@diverge
def test_it_stops_where_the_log_is_another(diverge, started):
    diverge(started)
    stopped = accounts.follow()
    assert stopped.state == Checkpoint.State.FAULTED
    assert stopped.failure["category"] == "log-diverged"
    assert "its rows need a rebuild" in stopped.failure["error"]
    assert status.of(accounts.NAME).state == "faulted"
    assert points() == 10
    earn(100)
    assert accounts.follow().position == stopped.position
    assert points() == 10


@diverge
def test_it_does_not_resume_and_is_healed_by_a_rebuild(diverge, started):
    diverge(started)
    accounts.follow()
    with pytest.raises(errors.NotAllowedInState, match="only a rebuild helps"):
        control.resume(accounts.NAME, actor=accounts.ADA, reason="try")
    rebuilds.rebuild()
    healed = accounts.follow()
    assert (healed.state, healed.failures) == (Checkpoint.State.RUNNING, 0)
    assert healed.epoch == accounts.epoch()
    assert points() == sum(
        each.data.points for each in accounts.window(Checkpoint())[1:]
    )


def test_it_leaves_other_projections_running(started):
    another_event(started)
    accounts.follow()
    others = [each for each in status.all() if each.name != accounts.NAME]
    assert {each.state for each in others} == {"running"}
    assert {each.position for each in others} == {each.head for each in others}


def test_it_stays_marked_when_somebody_wants_to_pause_it(started):
    another_event(started)
    accounts.follow()
    with pytest.raises(errors.NotAllowedInState, match="only a rebuild helps"):
        control.pause(accounts.NAME, actor=accounts.ADA, reason="tests")
    assert accounts.checkpoint().state == Checkpoint.State.FAULTED
    rebuilds.rebuild()
    assert points() == 13


def test_it_is_not_marked_by_a_worker_that_read_it_before_it_was_paused(started):
    """Paused and faulted at once, it could neither be resumed nor rebuilt."""
    control.pause(accounts.NAME, actor=accounts.ADA, reason="tests")
    failure.record(started, errors.LogDiverged("another event"))
    assert accounts.checkpoint().state == Checkpoint.State.PAUSED


def test_it_is_marked_for_good_when_no_roll_back_can_bring_it_back(started):
    rebuilds.rebuild()
    another_event(Checkpoint.objects.get(role="kept"))
    operation = control.rollback(accounts.NAME, actor=accounts.ADA, reason="tests")
    rebuilds.until(operation, Operation.State.FAILED)
    assert Checkpoint.objects.get(role="kept").state == Checkpoint.State.FAULTED
    with pytest.raises(errors.NotAllowedInState, match="do not belong to this log"):
        control.rollback(accounts.NAME, actor=accounts.ADA, reason="tests")
