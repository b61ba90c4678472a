"""More streams fail than may be held: the projection stops, and nothing is stored."""

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections
from django.utils import timezone

from projections import batch, checkpoints, control, dead_letters, errors, status
from projections.models import Checkpoint, DeadLetter
from tests.integration.projections import accounts
from tests.integration.projections.accounts import NAME, earn
from tests.loyalty.projections.balance import LoyaltyBalance

pytestmark = pytest.mark.usefixtures("database")


class Bug(Exception):
    pass


@pytest.fixture(autouse=True)
def bug(monkeypatch, settings):
    """Events that earn 3 points fail; two streams may be held."""
    settings.CQRS = accounts.configured(max_dead_letters=2)
    fold = LoyaltyBalance.fold

    def failing(self, rows, event):
        if getattr(event.data, "points", None) == 3:
            raise Bug("three")
        fold(self, rows, event)

    monkeypatch.setattr(LoyaltyBalance, "fold", failing)


def open_accounts(*ids: str) -> Checkpoint:
    for id in ids:
        accounts.open_account(id)
    return accounts.follow()


def earn_each(points: int, *ids: str) -> None:
    for id in ids:
        earn(points, id=id)


def held() -> list[str]:
    return sorted(DeadLetter.objects.values_list("stream", flat=True))


def due() -> None:
    """As if the time of the next attempt had come."""
    Checkpoint.objects.update(next_attempt_at=timezone.now())


def test_it_holds_as_many_streams_as_are_allowed():
    open_accounts("1", "2", "3")
    earn_each(3, "1", "2")
    accounts.follow()
    assert held() == ["account-1", "account-2"]
    assert status.of(NAME).state == "running"


def test_it_stores_nothing_of_a_batch_that_would_hold_one_more():
    before = open_accounts("1", "2", "3", "4")
    earn_each(3, "1", "2", "3")
    earn(5, id="4")
    stopped = accounts.follow()
    assert (held(), accounts.points("4")) == ([], 0)
    assert stopped.position == before.position
    assert stopped.failure["category"] == "too-many-dead-letters"
    assert stopped.failure["error"].startswith(
        "TooManyDeadLetters: loyalty_balance holds 0 streams, 3 more fail, and at most "
        "2 may be held"
    )
    assert "Bug: three" in stopped.failure["traceback"]


def test_it_shows_as_faulted_at_once():
    open_accounts("1", "2", "3")
    earn_each(3, "1", "2", "3")
    accounts.follow()
    standing = status.of(NAME)
    assert (standing.state, standing.dead_letters) == ("faulted", 0)


def test_it_counts_what_is_held_already():
    open_accounts("1", "2", "3")
    earn_each(3, "1", "2")
    at = accounts.follow().position
    earn(3, id="3")
    earn(5, id="2")
    assert accounts.follow().position == at
    assert held() == ["account-1", "account-2"]
    assert status.of(NAME).state == "faulted"


def _freed_by_retry(letter: DeadLetter, monkeypatch) -> None:
    monkeypatch.undo()
    assert control.retry(letter.pk, actor=accounts.ADA, reason="mended")


def _freed_by_skip(letter: DeadLetter, monkeypatch) -> None:
    assert control.skip(letter.pk, actor=accounts.ADA, reason="twice")


@pytest.mark.parametrize("free", [_freed_by_retry, _freed_by_skip])
def test_it_goes_on_by_itself_once_there_is_room(free, monkeypatch):
    open_accounts("1", "2", "3")
    earn_each(3, "1", "2")
    accounts.follow()
    earn(3, id="3")
    earn(5, id="1")
    stopped = accounts.follow()
    assert stopped.next_attempt_at
    free(DeadLetter.objects.get(stream="account-1"), monkeypatch)
    moved = accounts.follow()
    assert moved.position > stopped.position
    assert (moved.failures, moved.failure) == (0, None)
    assert status.of(NAME).state == "running"
    assert accounts.points("1") == 5 + (3 if free is _freed_by_retry else 0)


def test_it_goes_on_when_an_operator_resumes_it_with_mended_code(monkeypatch):
    open_accounts("1", "2", "3")
    earn_each(3, "1", "2", "3")
    accounts.follow()
    monkeypatch.undo()
    control.resume(NAME, actor=accounts.ADA, reason="mended")
    accounts.follow()
    assert [accounts.points(id) for id in "123"] == [3, 3, 3]


def test_it_tries_by_itself_as_any_failing_projection_does(monkeypatch):
    open_accounts("1", "2", "3")
    earn_each(3, "1", "2", "3")
    accounts.follow()
    due()
    assert accounts.follow().failures == 2
    monkeypatch.undo()
    due()
    accounts.follow()
    assert status.of(NAME).state == "running"


def test_it_keeps_to_the_limit_when_partitions_fail_at_once(monkeypatch, settings):
    settings.CQRS = accounts.configured(max_dead_letters=1, partitions=2)
    ids = {batch.bucket(f"account-{n}", 2): str(n) for n in range(20)}
    open_accounts(*ids.values())
    earn_each(3, *ids.values())
    _meet_before_holding(monkeypatch, count=2)

    def advance(partition: int) -> str:
        checkpoint = checkpoints.live(NAME)[partition]
        try:
            return batch.advance(
                accounts.projection(),
                checkpoint,
                accounts.window(checkpoint),
                epoch=1,
                worker="tests",
            ).outcome.value
        except errors.TooManyDeadLetters:
            return "stopped"
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as workers:
        done = list(workers.map(advance, range(2)))
    assert sorted(done) == ["advanced", "stopped"]
    assert len(held()) == 1


def _meet_before_holding(monkeypatch, *, count: int) -> None:
    """Whoever has counted waits a moment for the others to have counted, too."""
    barrier, letter = threading.Barrier(count), dead_letters._letter

    def waiting(*arguments):
        with contextlib.suppress(threading.BrokenBarrierError):  # they wait for us
            barrier.wait(timeout=0.5)
        return letter(*arguments)

    monkeypatch.setattr(dead_letters, "_letter", waiting)
