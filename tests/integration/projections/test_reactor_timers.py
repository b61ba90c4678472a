"""Timers: written with the checkpoint, fired once when they are due, in order."""

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, connections
from django.utils import timezone

from eventstore import commands, store
from projections import control
from projections.models import DeadLetter, Timer
from projections.reacting import effects, following, turn
from projections.reactor import SetTimer
from tests.integration.projections import accounts, reactions
from tests.integration.projections.accounts import earn, open_account
from tests.integration.projections.reactions import NAME, bonuses, due, given, react
from tests.loyalty import domain, streams
from tests.loyalty.reactors import bonus

pytestmark = pytest.mark.usefixtures("database")

ASKED = {"actor": accounts.ADA, "reason": "looking into it"}


@pytest.fixture
def opened(database: None, monkeypatch) -> Timer:
    """An account that is opened now, so that its gift is due in a year."""
    monkeypatch.setattr(accounts, "AT", timezone.now())
    react()
    open_account()
    react()
    return Timer.objects.get()


def spend(points: int) -> None:
    commands.handle(
        streams.ACCOUNT,
        "1",
        domain.SpendPoints(points=points),
        at=accounts.AT,
        context=commands.Context(actor="tests"),
    )


def test_it_waits_until_the_timer_is_due(opened):
    assert opened.due_at == accounts.AT + timedelta(days=365)
    assert (opened.stream, opened.key) == ("account-1", bonus.GIFT)
    react()
    assert bonuses() == 0
    due()
    react()
    assert bonuses() == 1
    assert not Timer.objects.exists()
    react()
    assert bonuses() == 1


def test_it_says_what_a_timers_command_follows_from(opened):
    due()
    react()
    (first,) = store.read_stream("account-1", to_version=1)
    (event,) = given()
    assert event.metadata["causation_id"] == str(first.event_id)
    assert event.metadata["correlation_id"] == first.metadata["correlation_id"]


def test_it_does_not_fire_what_was_cleared(opened):
    earn(10)
    spend(1)
    react()
    assert not Timer.objects.exists()


def test_it_reads_what_clears_a_timer_before_it_fires_it(opened):
    """The reactor was away while the timer came due and was cleared."""
    earn(10)
    spend(1)
    due()
    following.run_round(worker="tests")
    assert bonuses() == 0
    assert not Timer.objects.exists()


def test_it_fires_nothing_while_it_is_behind(opened, monkeypatch):
    monkeypatch.setattr(following, "MOST_EVENTS", 1)
    earn(10)
    spend(1)
    due()
    following.run_round(worker="tests")
    assert bonuses() == 0
    react()
    assert bonuses() == 0


def test_it_writes_timers_and_checkpoint_together(database):
    react()
    open_account()
    checkpoint = reactions.checkpoint()
    window = accounts.window(checkpoint)

    class Dying(bonus.LoyaltyBonus):
        def react(self, event):
            yield from super().react(event)
            reactions.kill_session()

    facts = {"epoch": accounts.epoch(), "worker": "tests"}
    with pytest.raises(DatabaseError):
        turn.advance(Dying(), checkpoint, window, **facts)
    connections["read"].close()
    assert not Timer.objects.exists()
    assert reactions.checkpoint().position == checkpoint.position
    turn.advance(reactions.reactor(), checkpoint, window, **facts)
    assert Timer.objects.count() == 1


@pytest.mark.parametrize(("same", "given"), [(True, 1), (False, 2)])
def test_it_fires_once_when_its_worker_dies_before_that_is_written_down(
    same, given, opened, monkeypatch
):
    if not same:
        monkeypatch.setattr(effects, "uuid5", lambda *names: uuid.uuid4())
    due()

    def dying(original, self, timer):
        yield from original(self, timer)
        reactions.kill_session()

    with reactions.instead(monkeypatch, "fire", dying):
        assert following.run_round(worker="tests").database_error
    connections["read"].close()
    assert (bonuses(), Timer.objects.count()) == (1, 1)
    react()
    assert (bonuses(), Timer.objects.count()) == (given, 0)


def test_it_fires_once_with_two_workers(opened):
    """The second one comes while the first is firing; and once more after it."""
    due()
    timer = Timer.objects.get()
    checkpoint = reactions.checkpoint()
    at_work, go_on = threading.Event(), threading.Event()

    class Slow(bonus.LoyaltyBonus):
        def fire(self, timer):
            at_work.set()
            assert go_on.wait(timeout=20)
            return super().fire(timer)

    def fire(reactor):
        try:
            return turn.fire(reactor, checkpoint, timer)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as other:
        running = other.submit(fire, Slow())
        assert at_work.wait(timeout=20)
        assert fire(reactions.reactor()) is False
        go_on.set()
        assert running.result() is True
    assert fire(reactions.reactor()) is False
    assert bonuses() == 1


def test_it_takes_a_timer_set_again_for_another_one(opened, monkeypatch):
    """The key is the same, the commands are not those of the first."""

    def again(original, self, timer):
        yield from original(self, timer)
        yield SetTimer(key=timer.key, due_at=timer.due_at, data=timer.data)

    with reactions.instead(monkeypatch, "fire", again):
        for count in (1, 2, 3):
            due()
            following.run_round(worker="tests")
            assert (bonuses(), Timer.objects.count()) == (count, 1)


def test_it_moves_a_timer_that_is_set_again_by_an_event(opened, monkeypatch):
    at = datetime(2030, 1, 1, tzinfo=UTC)

    def later(original, self, event):
        yield SetTimer(key=bonus.GIFT, due_at=at, data={"points": 1})

    earn(10)
    with reactions.instead(monkeypatch, "react", later):
        react()
    moved = Timer.objects.get()
    assert (moved.due_at, moved.next_attempt_at, moved.data) == (at, at, {"points": 1})
    assert moved.identity != opened.identity


def test_it_tries_a_firing_that_fails_again_later_and_fires_the_others(
    opened, monkeypatch
):
    open_account("2")
    react()
    due()

    def failing(original, self, timer):
        if timer.stream == "account-1":
            raise ValueError("no gifts today\x00")
        return original(self, timer)

    before = timezone.now()
    with reactions.instead(monkeypatch, "fire", failing):
        react()
        assert (bonuses("1"), bonuses("2")) == (0, 1)
        left = Timer.objects.get()
        assert (left.attempts, left.error) == (1, "ValueError: no gifts today\\x00")
        delays = []
        for _ in range(14):
            due()
            before = timezone.now()
            react()
            delays.append(Timer.objects.get().next_attempt_at - before)
        seconds = [round(each / timedelta(seconds=1)) for each in delays]
        assert seconds[:4] == [2, 4, 8, 16]
        assert seconds[-2:] == [3600, 3600]
    assert reactions.checkpoint().failures == 0
    due()
    react()
    assert (bonuses("1"), Timer.objects.count()) == (1, 0)


def test_it_does_not_fire_for_a_stream_that_is_held(opened):
    """What is held there may clear the timer, as here."""
    earn(bonus.DUE_FEE)
    react()
    due()
    react()
    assert bonuses() == 0
    earn(700)
    letter = DeadLetter.objects.get()
    control.retry(letter.pk, **ASKED)
    react()
    assert [type(each.data) for each in given()] == [domain.PointsSpent]
    assert not Timer.objects.exists()


def test_it_stands_still_while_the_reactor_is_paused(opened):
    control.pause_reactor(NAME, **ASKED)
    due()
    earn(bonus.ONE)
    react()
    assert bonuses() == 0
    control.resume_reactor(NAME, **ASKED)
    react()
    assert bonuses() == 2


@pytest.mark.parametrize(
    ("due_at", "data", "error"),
    [
        (datetime(2030, 1, 1), {}, "without a zone"),  # noqa: DTZ001
        (datetime(2030, 1, 1, tzinfo=UTC), {"what": object()}, "unsupported"),
    ],
)
def test_it_holds_the_stream_of_a_timer_that_cannot_be(
    due_at, data, error, opened, monkeypatch
):
    def wrong(original, self, event):
        yield SetTimer(key="wrong", due_at=due_at, data=data)

    earn(10)
    with reactions.instead(monkeypatch, "react", wrong):
        react()
    assert error in DeadLetter.objects.get().error


def test_it_drops_timers_of_events_that_a_restored_log_no_longer_has(opened):
    open_account("2")
    react()
    Timer.objects.filter(stream="account-2").update(event_id=uuid.uuid4())
    control.start_reactor(NAME, position=None, **ASKED)
    assert Timer.objects.count() == 2
    type(reactions.checkpoint()).objects.filter(projection=NAME).update(epoch=0)
    control.start_reactor(NAME, position=None, **ASKED)
    assert [each.stream for each in Timer.objects.all()] == ["account-1"]
