"""The number of partitions changes between two batches, and nothing else does."""

import pytest

from projections import checkpoints, control, errors, repartitioning, runner
from projections.models import Checkpoint
from tests.integration.projections import accounts, rebuilds
from tests.integration.projections.accounts import NAME, earn

pytestmark = pytest.mark.usefixtures("database")

IDS = [str(number) for number in range(12)]


@pytest.fixture
def started(database: None) -> None:
    for id in IDS:
        accounts.open_account(id)
    catch_up()


def catch_up() -> None:
    while runner.run_round(worker="tests").advanced:
        pass


def change(partitions: int) -> None:
    control.repartition(NAME, partitions, actor=accounts.ADA, reason="tests")


def test_it_goes_up_and_down_without_touching_rows(started):
    for count in (2, 4, 1, 3):
        for id in IDS:
            earn(1, id=id)
        change(count)  # with events that no partition has read
        catch_up()
        assert len(checkpoints.live(NAME)) == count
    assert {row[1] for row in accounts.rows().values()} == {4}
    folded = sum(each.events_folded for each in checkpoints.live(NAME))
    assert folded == len(IDS) * 5


def test_it_runs_partitions_that_stand_apart_to_one_position_first(started):
    change(2)
    ahead, behind = checkpoints.live(NAME)
    Checkpoint.objects.filter(pk=behind.pk).update(state=Checkpoint.State.PAUSED)
    for id in IDS:
        earn(1, id=id)
    catch_up()
    Checkpoint.objects.filter(pk=behind.pk).update(state=Checkpoint.State.RUNNING)
    assert ahead.position < checkpoints.live(NAME)[0].position
    change(3)
    assert {row[1] for row in accounts.rows().values()} == {1}
    catch_up()
    assert {row[1] for row in accounts.rows().values()} == {1}


def test_it_would_double_or_skip_without_running_to_one_position(started, monkeypatch):
    """The foremost position taken over as it is: what the others lacked is lost."""
    change(2)
    _, behind = checkpoints.live(NAME)
    Checkpoint.objects.filter(pk=behind.pk).update(state=Checkpoint.State.PAUSED)
    for id in IDS:
        earn(1, id=id)
    catch_up()
    Checkpoint.objects.filter(pk=behind.pk).update(state=Checkpoint.State.RUNNING)
    monkeypatch.setattr(repartitioning.batch, "run_to", lambda *a, **k: None)
    change(1)
    monkeypatch.undo()
    catch_up()
    assert {row[1] for row in accounts.rows().values()} == {0, 1}


def test_it_refuses_what_it_cannot_do_exactly(started, monkeypatch):
    with pytest.raises(errors.NotAllowedInState, match="has 1 partitions already"):
        change(1)
    with pytest.raises(errors.WrongPartitions, match="257 partitions: allowed is 1"):
        change(257)
    control.pause(NAME, actor=accounts.ADA, reason="tests")
    with pytest.raises(errors.NotAllowedInState, match="paused: resume it first"):
        change(2)
    control.resume(NAME, actor=accounts.ADA, reason="tests")
    rebuilds.begin()
    with pytest.raises(errors.NotAllowedInState, match="is filling"):
        change(2)
    control.cancel(NAME, actor=accounts.ADA, reason="tests")
    change(2)
    first = checkpoints.live(NAME)[0]
    Checkpoint.objects.filter(pk=first.pk).update(position=0)
    monkeypatch.setattr(repartitioning, "AT_MOST", 5)
    with pytest.raises(errors.NotAllowedInState, match="behind the foremost"):
        change(1)
