"""All that a projection holds is tried again, as an operation that outlives workers."""

import pytest

from projections import (
    control,
    dead_letters,
    errors,
    operating,
    operations,
    retrying,
)
from projections.models import AuditEntry, Checkpoint, DeadLetter, Operation
from tests import cleaning
from tests.integration.eventstore import sessions
from tests.integration.projections import accounts, reactions, rebuilds
from tests.integration.projections.accounts import NAME, earn, points
from tests.loyalty.projections.balance import LoyaltyBalance
from tests.loyalty.reactors import bonus

pytestmark = pytest.mark.usefixtures("database")

ASKED = {"actor": accounts.ADA, "reason": "mended"}
IDS = ("1", "2", "3", "4")


@pytest.fixture(autouse=True)
def one_by_one(monkeypatch):
    """A step is one stream."""
    monkeypatch.setattr(retrying, "STEP_S", 0)


@pytest.fixture
def broken(monkeypatch) -> set[str]:
    """Streams whose events that earn 3 points fail: all four, each holds 3 and 5."""
    found = {f"account-{id}" for id in IDS}
    fold = LoyaltyBalance.fold

    def failing(self, rows, event):
        if getattr(event.data, "points", None) == 3 and event.stream in found:
            raise ValueError("three")
        fold(self, rows, event)

    monkeypatch.setattr(LoyaltyBalance, "fold", failing)
    for id in IDS:
        accounts.open_account(id)
        for each in (1, 3, 5):
            earn(each, id=id)
    accounts.follow()
    assert held() == sorted(found)
    return found


def held() -> list[str]:
    return sorted(DeadLetter.objects.values_list("stream", flat=True))


def result(operation: Operation) -> tuple[str, int, int, dict[str, int]]:
    found = operations.get(operation.pk)
    return found.state, found.done, found.total, found.result


def test_it_applies_everything_that_was_held(broken):
    broken.clear()
    operation = control.retry_all(NAME, **ASKED)
    assert result(operation) == ("retrying", 0, 4, {"freed": 0, "failed": 0})
    operating.work()
    assert result(operation) == ("finished", 4, 4, {"freed": 4, "failed": 0})
    assert [points(id) for id in IDS] == [9, 9, 9, 9]
    assert held() == []


def test_it_tells_how_many_failed_again_and_keeps_them_held(broken):
    broken.difference_update({"account-2", "account-4"})
    operation = control.retry_all(NAME, **ASKED)
    operating.work()
    assert result(operation) == ("finished", 4, 4, {"freed": 2, "failed": 2})
    assert held() == ["account-1", "account-3"]
    assert {each.attempts for each in DeadLetter.objects.all()} == {2}
    assert [points(id) for id in IDS] == [1, 9, 1, 9]


def test_it_is_in_the_audit_when_it_begins_and_when_it_ends(broken):
    operation = control.retry_all(NAME, **ASKED)
    operating.work()
    rows = AuditEntry.objects.order_by("pk").values_list(
        "action", "projection", "actor", "reason", "outcome", "operation"
    )
    asked = ("retry", NAME, "ada", "mended")
    assert list(rows) == [
        (*asked, "started", operation.pk),
        (*asked, "finished", operation.pk),
    ]


def test_it_leaves_alone_what_is_held_only_later(broken):
    """It would never end while a bug goes on holding streams."""
    operation = control.retry_all(NAME, **ASKED)
    accounts.open_account("5")
    broken.add("account-5")
    earn(3, id="5")
    accounts.follow()
    operating.work()
    assert result(operation)[:3] == ("finished", 4, 4)
    assert DeadLetter.objects.get(stream="account-5").attempts == 1


def test_it_goes_on_where_a_worker_was_killed(broken, monkeypatch):
    broken.clear()
    operation = control.retry_all(NAME, **ASKED)
    retrying.step(operation)
    fold = LoyaltyBalance.fold

    def killed(self, rows, event):
        fold(self, rows, event)
        if getattr(event.data, "points", None) == 5:
            raise SystemExit  # after the first of the two held events

    monkeypatch.setattr(LoyaltyBalance, "fold", killed)
    with pytest.raises(SystemExit):
        retrying.step(operation)
    assert [points(id) for id in IDS] == [9, 1, 1, 1]
    monkeypatch.setattr(LoyaltyBalance, "fold", fold)
    operating.work()
    assert result(operation) == ("finished", 4, 4, {"freed": 4, "failed": 0})
    assert [points(id) for id in IDS] == [9, 9, 9, 9]


def test_it_is_worked_on_by_one_worker_at_a_time(broken):
    broken.clear()
    operation = control.retry_all(NAME, **ASKED)
    with sessions.opened(cleaning.read_tables()) as open_session:
        other = open_session()
        other.execute(operations.TRY_LOCK, [operations.LOCK_SPACE, operation.pk])
        assert retrying.step(operation) is False
        assert len(held()) == 4
        other.rollback()
    assert retrying.step(operation) is True
    assert len(held()) == 3


def test_it_keeps_what_it_has_freed_when_it_is_cancelled(broken):
    broken.clear()
    operation = control.retry_all(NAME, **ASKED)
    retrying.step(operation)
    cancelled = control.cancel_operation(
        operation.pk, actor=accounts.ADA, reason="enough"
    )
    assert cancelled.state == "cancelled"
    assert cancelled.finished_at
    assert operating.work(seconds=0.1) == 0
    assert retrying.step(operation) is False
    assert result(operation) == ("cancelled", 1, 4, {"freed": 1, "failed": 0})
    assert held() == ["account-2", "account-3", "account-4"]
    with pytest.raises(errors.NotAllowedInState, match="is cancelled already"):
        control.cancel_operation(operation.pk, **ASKED)


def test_it_counts_what_frees_itself_meanwhile(broken):
    broken.clear()
    operation = control.retry_all(NAME, **ASKED)
    retrying.step(operation)
    for letter in DeadLetter.objects.filter(stream__in=["account-2", "account-4"]):
        assert dead_letters.retry(letter.pk)
    operating.work()
    assert result(operation) == ("finished", 4, 4, {"freed": 4, "failed": 0})


def test_it_counts_what_somebody_else_frees_meanwhile(broken, monkeypatch):
    broken.clear()
    operation = control.retry_all(NAME, **ASKED)
    found = retrying._next

    def slowly(operation):
        letter = found(operation)
        if letter is not None and letter.stream == "account-2":
            with sessions.opened(cleaning.read_tables()) as open_session:
                open_session(autocommit=True).execute(
                    "DELETE FROM projections_deadletter WHERE id = %s", [letter.pk]
                )
        return letter

    monkeypatch.setattr(retrying, "_next", slowly)
    operating.work()
    assert result(operation) == ("finished", 4, 4, {"freed": 4, "failed": 0})


def test_it_fails_with_code_that_is_broken_for_every_event(broken, monkeypatch):
    operation = control.retry_all(NAME, **ASKED)

    def half_a_deploy(self, rows, event):
        raise ImportError("half a deploy")

    monkeypatch.setattr(LoyaltyBalance, "fold", half_a_deploy)
    operating.work()
    assert result(operation)[:2] == ("failed", 0)
    assert operations.get(operation.pk).note == "ImportError: half a deploy"
    assert len(held()) == 4


def test_it_is_refused_while_another_one_is_under_way(broken):
    first = control.retry_all(NAME, **ASKED)
    with pytest.raises(errors.NotAllowedInState, match=f"operation {first.pk}"):
        control.retry_all(NAME, **ASKED)
    operating.work()
    control.retry_all(NAME, **ASKED)


def test_it_has_nothing_to_do_where_nothing_is_held(broken):
    broken.clear()
    control.retry_all(NAME, **ASKED)
    operating.work()
    operation = control.retry_all(NAME, **ASKED)
    operating.work()
    assert result(operation) == ("finished", 0, 0, {"freed": 0, "failed": 0})


def test_it_does_not_know_a_projection_or_operation_that_is_not_there():
    with pytest.raises(errors.UnknownProjection):
        control.retry_all("nothing", **ASKED)
    with pytest.raises(errors.UnknownOperation, match="there is no operation 7"):
        control.cancel_operation(7, **ASKED)


def test_it_retries_what_a_reactor_holds():
    reactions.react()
    accounts.open_account()
    earn(bonus.DUE_FEE)
    reactions.react()
    earn(700)
    operation = control.retry_all(reactions.NAME, **ASKED)
    operating.work()
    assert result(operation) == ("finished", 1, 1, {"freed": 1, "failed": 0})
    assert len(reactions.given()) == 1


def test_it_goes_on_past_streams_of_tables_that_other_code_maintains(broken):
    """After a deploy: those of a rebuild to another version."""
    rebuilds.until(rebuilds.begin(review=True), Operation.State.READY)
    coming = Checkpoint.objects.filter(projection=NAME, role=Checkpoint.Role.SHADOW)
    coming.update(version=99)
    broken.clear()
    operation = control.retry_all(NAME, **ASKED)
    operating.work()
    assert result(operation) == ("finished", 8, 8, {"freed": 4, "failed": 4})
    assert [points(id) for id in IDS] == [9, 9, 9, 9]
