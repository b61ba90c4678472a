"""A rebuild is invisible to readers, and leaves nothing behind (P7)."""

import pytest

from projections import control, dead_letters, errors, status
from projections.models import Checkpoint, DeadLetter, Operation
from projections.rebuilding import comparing
from tests.integration.projections import accounts, rebuilds
from tests.integration.projections.accounts import NAME, earn, points
from tests.integration.projections.rebuilds import State
from tests.loyalty import models

pytestmark = pytest.mark.usefixtures("database")

TABLE = "loyalty_balance"


@pytest.fixture
def started(database: None) -> Checkpoint:
    accounts.open_account()
    earn(10)
    return accounts.follow()


def damage() -> None:
    models.Balance.objects.update(points=-1)


def test_it_serves_the_old_rows_until_the_new_ones_go_live(started):
    damage()
    seen = []
    operation = rebuilds.begin()
    while operation.state != State.FINISHED:
        seen.append(points())
        operation = rebuilds.step(operation)
    assert set(seen) == {-1}
    assert points() == 10
    assert rebuilds.roles() == {"live": 2, "kept": 1}


def test_it_goes_through_its_states_in_order(started):
    operation = rebuilds.begin(review=True)
    states = [operation.state]
    while operation.state != State.READY:
        operation = rebuilds.step(operation)
        if operation.state != states[-1]:
            states.append(operation.state)
    assert states == ["filling", "tailing", "comparing", "ready"]


def test_it_folds_what_is_appended_meanwhile(started):
    operation = rebuilds.begin()
    states = set()
    number = 0
    while operation.state != State.FINISHED:
        number += 1
        earn(number)
        states.add(operation.state)
        operation = rebuilds.step(operation)
    accounts.follow()
    assert points() == 10 + sum(range(1, number + 1))
    assert {"filling", "tailing", "comparing", "swapping"} <= states


def test_it_makes_tables_with_the_same_indexes_under_the_same_names(started):
    before = rebuilds.indexes("orders_order_summary")
    assert len(before) == 17
    operation = rebuilds.until(
        rebuilds.begin("order_summary", review=True), State.READY
    )
    assert rebuilds.indexes("orders_order_summary", "projections_shadow") == before
    control.swap("order_summary", actor=accounts.ADA, reason="good")
    rebuilds.until(operation, State.FINISHED)
    assert rebuilds.indexes("orders_order_summary") == before


def test_it_keeps_the_replaced_tables_until_they_are_discarded(started):
    rebuilds.rebuild()
    assert rebuilds.tables_in("projections_kept") == [TABLE]
    control.discard(NAME, actor=accounts.ADA, reason="all is well")
    assert rebuilds.tables_in("projections_kept") == []
    assert rebuilds.roles() == {"live": 2}
    with pytest.raises(errors.NotAllowedInState, match="no kept tables"):
        control.discard(NAME, actor=accounts.ADA, reason="again")
    with pytest.raises(errors.NotAllowedInState, match="no kept tables"):
        control.rollback(NAME, actor=accounts.ADA, reason="too late")


def test_it_replaces_what_an_earlier_rebuild_kept(started):
    rebuilds.rebuild()
    rebuilds.rebuild()
    assert rebuilds.roles() == {"live": 3, "kept": 2}
    assert rebuilds.tables_in("projections_shadow") == []


def test_it_rolls_back_to_tables_that_were_caught_up(started):
    rebuilds.rebuild()
    damage()
    earn(5)
    accounts.follow()
    assert points() == 4
    rebuilds.roll_back()
    assert points() == 15
    assert rebuilds.roles() == {"live": 1, "kept": 2}
    earn(6)
    accounts.follow()
    assert points() == 21
    rebuilds.roll_back()  # forward again
    assert points() == 10
    assert rebuilds.roles() == {"live": 2, "kept": 1}


@pytest.mark.parametrize("state", ["filling", "tailing", "comparing", "ready"])
def test_it_leaves_nothing_behind_when_it_is_cancelled(started, state):
    earn(1)
    operation = rebuilds.until(rebuilds.begin(review=True), State(state))
    cancelled = control.cancel(NAME, actor=accounts.ADA, reason="wrong")
    assert (cancelled.pk, cancelled.state) == (operation.pk, State.CANCELLED)
    assert rebuilds.tables_in("projections_shadow") == []
    assert rebuilds.roles() == {"live": 1}
    assert rebuilds.step(operation).state == State.CANCELLED
    accounts.follow()
    assert points() == 11
    assert status.of(NAME).rebuild == "cancelled"


def test_it_can_be_cancelled_while_it_rolls_back(started):
    rebuilds.rebuild()
    control.rollback(NAME, actor=accounts.ADA, reason="tests")
    control.cancel(NAME, actor=accounts.ADA, reason="no")
    assert rebuilds.tables_in("projections_kept") == [TABLE]
    assert rebuilds.roles() == {"live": 2, "kept": 1}
    kept = Checkpoint.objects.get(role="kept", projection=NAME)
    assert kept.state == Checkpoint.State.RESTING


def test_it_shows_how_the_new_rows_differ_and_waits_for_review(started):
    accounts.open_account("2")
    accounts.follow()
    models.Balance.objects.filter(pk="1").update(points=-1)
    models.Balance.objects.create(account_id="9", owner="x", points=9, spent=0)
    operation = rebuilds.until(rebuilds.begin(review=True), State.READY)
    found = operation.result["comparison"]["tables"][TABLE]
    sample = sorted(found.pop("sample"), key=lambda each: each["key"])
    assert found == {"old": 3, "new": 2, "only_old": 1, "only_new": 0, "differing": 1}
    assert sample[0] == {"key": "1", "columns": {"points": ["-1", "10"]}}
    assert sample[1]["key"] == "9"
    assert rebuilds.step(operation).state == State.READY
    assert points() == -1
    control.cancel(NAME, actor=accounts.ADA, reason="looks wrong")
    assert points() == -1


def test_it_compares_at_one_position_though_nobody_follows(started):
    """It runs both to the foremost itself, instead of comparing apples with pears."""
    operation = rebuilds.until(rebuilds.begin(), State.COMPARING)
    shadow = Checkpoint.objects.filter(projection=NAME, role="shadow")
    shadow.update(state=Checkpoint.State.PAUSED)
    earn(5)
    position = accounts.follow().position
    shadow.update(state=Checkpoint.State.RUNNING)
    assert comparing.step(operation)
    compared = operation.result["comparison"]
    assert compared["position"] == position
    assert compared["tables"][TABLE]["differing"] == 0


def test_it_finds_no_difference_where_there_is_none(started):
    operation = rebuilds.rebuild()
    comparison = operation.result["comparison"]
    assert comparison["position"] == started.position
    assert comparison["tables"][TABLE] == {
        "old": 1,
        "new": 1,
        "only_old": 0,
        "only_new": 0,
        "differing": 0,
    }


def test_it_waits_for_an_operator_only_when_asked_to(started):
    with pytest.raises(errors.NotAllowedInState, match="no rebuild"):
        control.swap(NAME, actor=accounts.ADA, reason="now")
    operation = rebuilds.begin()
    with pytest.raises(errors.NotAllowedInState, match="filling, not ready"):
        control.swap(NAME, actor=accounts.ADA, reason="now")
    with pytest.raises(errors.NotAllowedInState, match="is filling"):
        rebuilds.begin()
    rebuilds.until(operation, State.FINISHED)


def test_it_does_not_swap_while_the_projection_is_paused(started):
    operation = rebuilds.until(rebuilds.begin(), State.SWAPPING)
    control.pause(NAME, actor=accounts.ADA, reason="wait")
    for _ in range(3):
        operation = rebuilds.step(operation)
    assert operation.state == State.SWAPPING
    assert "paused" in operation.note
    control.resume(NAME, actor=accounts.ADA, reason="go on")
    rebuilds.until(operation, State.FINISHED)


def test_it_can_be_split_into_more_partitions_on_the_way(started):
    for id in range(2, 10):
        accounts.open_account(str(id))
        earn(id, id=str(id))
    accounts.follow()
    before = accounts.rows()
    rebuilds.rebuild(partitions=3)
    assert Checkpoint.objects.filter(projection=NAME, role="live").count() == 3
    assert accounts.rows() == before


def test_it_lets_no_more_rebuilds_work_at_once_than_configured(started, settings):
    one = settings.CQRS.query_side.rebuild.model_copy(update={"at_once": 1})
    query_side = settings.CQRS.query_side.model_copy(update={"rebuild": one})
    settings.CQRS = settings.CQRS.model_copy(update={"query_side": query_side})
    first = rebuilds.begin("order_summary", review=True)
    second = rebuilds.begin()
    second = rebuilds.step(second)
    assert (second.state, second.done) == ("filling", 0)
    assert "waits" in second.note
    rebuilds.until(first, State.READY)
    rebuilds.until(second, State.FINISHED)
    control.cancel("order_summary", actor=accounts.ADA, reason="done")


def test_it_honours_what_is_skipped_and_what_is_held(started, monkeypatch):
    from tests.loyalty.projections.balance import LoyaltyBalance

    fold = LoyaltyBalance.fold

    def failing(self, rows, event):
        if getattr(event.data, "points", None) in {3, 4}:
            raise ValueError("three or four")
        fold(self, rows, event)

    monkeypatch.setattr(LoyaltyBalance, "fold", failing)
    accounts.open_account("2")
    for each in (3, 5):
        earn(each)
        earn(each + 1, id="2")
    accounts.follow()
    held = {each.stream: each for each in DeadLetter.objects.all()}
    assert set(held) == {"account-1", "account-2"}
    control.skip(held["account-1"].pk, actor=accounts.ADA, reason="a double entry")
    assert (points("1"), points("2")) == (15, 0)
    rebuilds.rebuild()
    assert (points("1"), points("2")) == (15, 0)
    live = DeadLetter.objects.get(generation=2)
    assert live.stream == "account-2"
    assert status.of(NAME).dead_letters == 1
    assert list(dead_letters.current()) == [live]  # the kept tables' is no concern
    monkeypatch.undo()
    assert control.retry(live.pk, actor=accounts.ADA, reason="mended")
    assert points("2") == 10
    rebuilds.roll_back()
    assert status.of(NAME).dead_letters == 1  # the older tables lack it still


def test_it_fails_and_leaves_nothing_when_the_code_is_broken(started, monkeypatch):
    from tests.loyalty.projections.balance import LoyaltyBalance

    def broken(self, rows, event):
        raise ImportError("half a deploy")

    accounts.earn_many(1_100)
    monkeypatch.setattr(LoyaltyBalance, "fold", broken)
    operation = rebuilds.until(rebuilds.begin(), State.FAILED)
    assert operation.note == "ImportError: half a deploy"
    assert rebuilds.tables_in("projections_shadow") == []
    assert rebuilds.roles() == {"live": 1}
    assert status.of(NAME).rebuild == "failed"
    assert Operation.objects.filter(finished_at=None).count() == 0
