"""A deploy brings a higher version: old rows are served until new ones are built."""

import pytest

from projections import (
    checkpoints,
    control,
    errors,
    operating,
    operations,
    registry,
    runner,
    status,
    tables,
)
from projections.models import AuditEntry, Checkpoint, DeadLetter, Operation
from projections.rebuilding import automatic
from tests.integration.projections import accounts, rebuilds
from tests.integration.projections.accounts import NAME, earn, points
from tests.integration.projections.rebuilds import State
from tests.loyalty.projections.balance import LoyaltyBalance

pytestmark = pytest.mark.usefixtures("database")


class Doubled(LoyaltyBalance):
    """Version 2: it counts every point twice."""

    version = 2

    def fold(self, rows, event):
        id = event.stream.removeprefix("account-")
        before = rows.get(self.tables[0], id)
        had = before.points if before else 0
        super().fold(rows, event)
        row = rows.get(self.tables[0], id)
        row.points += row.points - had


@pytest.fixture
def deploy(monkeypatch):
    """Puts other code into this process, as a worker of another release has it."""

    def put(projection: LoyaltyBalance) -> None:
        monkeypatch.setitem(registry.all(), NAME, projection)

    return put


@pytest.fixture
def started(database: None) -> Checkpoint:
    accounts.open_account()
    earn(10)
    return accounts.follow()


def current() -> Operation:
    found = operations.current(NAME)
    assert found is not None
    return found


def test_it_rebuilds_by_itself_after_a_deploy(started, deploy):
    deploy(Doubled())
    automatic.begin_due()
    assert (points(), current().state) == (10, State.FILLING)
    operating.work(seconds=5)  # all that workers do, the beginning included
    assert points() == 20
    entry = AuditEntry.objects.filter(action="rebuild").earliest("pk")
    assert (entry.actor, entry.reason) == ("deploy", "version 2 was deployed")
    (live,) = checkpoints.live(NAME)
    assert (live.version, status.of(NAME).kept_version) == (2, 1)


def test_it_shares_a_rolling_deploy_between_old_and_new_workers(started, deploy):
    """The old code keeps the old tables up to date, the new code fills the new ones."""
    old, new = registry.get(NAME), Doubled()
    deploy(new)
    automatic.begin_due()
    operation = current()
    for number in range(1, 100):
        earn(1)
        deploy(new)
        rebuilds.step(operation)
        operation = operations.get(operation.pk)
        if operation.state == State.FINISHED:
            break
        assert points() < 10 + number  # the new code leaves the old rows alone
        deploy(old)
        automatic.begin_due()  # nothing: its version is lower
        operating.work(seconds=0.01)
        runner.run_round(worker="old")
        assert points() == 10 + number
    assert operation.state == State.FINISHED
    deploy(old)
    earn(1)
    runner.run_round(worker="old")
    assert accounts.checkpoint().position < earn(1)  # not its tables any more
    deploy(new)
    accounts.follow()
    assert points() == 2 * (10 + number + 2)
    assert Operation.objects.count() == 1


def test_it_does_not_compare_with_rows_it_cannot_bring_level(started, deploy):
    deploy(Doubled())
    automatic.begin_due()
    operation = rebuilds.until(current(), State.FINISHED)
    assert "version 1, which this code does not maintain" in str(operation.result)


def test_it_keeps_the_old_tables_going_where_the_code_says_it_can(started, deploy):
    class Same(LoyaltyBalance):
        version = 2
        also_maintains = (1,)

    deploy(Same())
    automatic.begin_due()
    earn(5)
    accounts.follow()
    assert points() == 15
    operation = rebuilds.until(current(), State.FINISHED)
    assert operation.result["comparison"]["tables"]["loyalty_balance"]["differing"] == 0
    assert points() == 15


@pytest.mark.parametrize("ended", ["cancelled", "rolled back"])
def test_it_leaves_the_next_try_to_an_operator(ended, started, deploy):
    class Same(LoyaltyBalance):
        version = 2
        also_maintains = (1,)

    deploy(Same())
    automatic.begin_due()
    if ended == "cancelled":
        control.cancel(NAME, actor=accounts.ADA, reason="not now")
    else:
        rebuilds.until(current(), State.FINISHED)
        rebuilds.roll_back()
    automatic.begin_due()
    assert operations.current(NAME) is None
    assert checkpoints.live(NAME)[0].version == 1
    rebuilds.rebuild()
    assert checkpoints.live(NAME)[0].version == 2


def test_it_does_not_fold_held_events_into_rows_of_another_version(
    started, deploy, monkeypatch
):
    def broken(self, rows, event):
        raise ValueError("no")

    with monkeypatch.context() as patched:
        patched.setattr(LoyaltyBalance, "fold", broken)
        earn(3)
        accounts.follow()
    deploy(Doubled())
    letter = DeadLetter.objects.get()
    with pytest.raises(errors.NotAllowedInState, match="are of version 1, this code"):
        control.retry(letter.pk, actor=accounts.ADA, reason="mended")
    assert points() == 10


def test_it_waits_for_a_worker_with_the_code_of_what_it_brings_back(started, deploy):
    old = registry.get(NAME)
    deploy(Doubled())
    automatic.begin_due()
    rebuilds.until(current(), State.FINISHED)
    operation = control.rollback(NAME, actor=accounts.ADA, reason="wrong sums")
    earn(1)
    operating.work(seconds=0.05)
    assert operations.get(operation.pk).state == State.TAILING
    deploy(old)
    rebuilds.until(operation, State.FINISHED)
    assert points() == 11


def test_it_lets_others_go_on_when_a_new_version_cannot_be_built(
    started, deploy, monkeypatch
):
    def refused(projection):
        raise PermissionError("no right to create tables")

    deploy(Doubled())
    retried = control.retry_all(NAME, actor=accounts.ADA, reason="tests")
    monkeypatch.setattr(tables, "create_shadow", refused)
    deploy(Doubled())
    operating.work(seconds=0.5)
    assert operations.current(NAME) is None
    assert operations.get(retried.pk).state == State.FINISHED
