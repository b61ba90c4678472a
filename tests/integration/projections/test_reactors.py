"""P10: what a reactor asks for happens once, whatever becomes of its worker."""

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.test import Client

from projections import (
    control,
    dead_letters,
    errors,
    operating,
    operations,
    runner,
    status,
)
from projections.batch import Outcome
from projections.models import Checkpoint, DeadLetter
from projections.reacting import effects, following, turn
from tests.integration.projections import accounts, reactions
from tests.integration.projections.accounts import earn, open_account
from tests.integration.projections.reactions import NAME, bonuses, given, react
from tests.loyalty.reactors import bonus

pytestmark = pytest.mark.usefixtures("database")

ASKED = {"actor": accounts.ADA, "reason": "looking into it"}


@pytest.fixture
def started(database: None) -> Checkpoint:
    """At work since an account was opened."""
    react()
    open_account()
    return react()


def test_it_gives_a_command_after_an_event(started):
    earn(bonus.ONE)
    react()
    (event,) = given()
    assert event.data.points == bonus.BONUS


def test_it_says_what_a_command_follows_from(started):
    earn(bonus.ONE)
    react()
    (answered,) = accounts.window(started)[1:2]
    (event,) = given()
    assert event.metadata["causation_id"] == str(answered.event_id)
    assert event.metadata["correlation_id"] == answered.metadata["correlation_id"] != ""
    assert event.metadata["source"] == "reactor"


def test_it_leaves_what_was_before_its_start_alone():
    open_account()
    earn(bonus.ONE)
    react()
    assert bonuses() == 0
    earn(bonus.ONE)
    react()
    assert bonuses() == 1


def test_it_begins_with_the_first_event_of_an_empty_log():
    assert react().position == 0
    open_account()
    earn(bonus.ONE)
    react()
    assert bonuses() == 1


@pytest.mark.parametrize(("same", "given"), [(True, 3), (False, 6)])
def test_it_gives_a_command_once_when_its_event_is_handled_again(
    same, given, started, monkeypatch
):
    if not same:
        monkeypatch.setattr(effects, "uuid5", lambda *names: uuid.uuid4())
    earn(bonus.ONE)
    earn(bonus.TWO)
    react()
    assert bonuses() == 3
    control.start_reactor(NAME, position=1, **ASKED)
    react()
    assert bonuses() == given


@pytest.mark.parametrize(("same", "given"), [(True, 1), (False, 2)])
def test_it_gives_a_command_once_when_its_worker_dies_before_the_checkpoint(
    same, given, started, monkeypatch
):
    if not same:
        monkeypatch.setattr(effects, "uuid5", lambda *names: uuid.uuid4())
    earn(bonus.ONE)

    def dying(original, self, event):
        yield from original(self, event)
        reactions.kill_session()

    with reactions.instead(monkeypatch, "react", dying):
        assert following.run_round(worker="tests").database_error
    assert bonuses() == 1
    assert reactions.checkpoint().position == started.position
    connections["read"].close()
    react()
    assert bonuses() == given
    assert reactions.checkpoint().position > started.position


def test_it_lets_one_of_two_workers_work(started):
    earn(bonus.ONE)
    at_work, go_on = threading.Event(), threading.Event()

    class Slow(bonus.LoyaltyBonus):
        def react(self, event):
            at_work.set()
            assert go_on.wait(timeout=20)
            return super().react(event)

    def work(reactor):
        try:
            return turn.advance(
                reactor,
                started,
                accounts.window(started),
                epoch=accounts.epoch(),
                worker="tests",
            ).outcome
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as other:
        running = other.submit(work, Slow())
        assert at_work.wait(timeout=20)
        assert work(reactions.reactor()) is Outcome.BUSY
        go_on.set()
        assert running.result() is Outcome.ADVANCED
    assert work(reactions.reactor()) is Outcome.OVERTAKEN
    assert bonuses() == 1


def test_it_keeps_its_lease_for_some_of_many_events(started, monkeypatch):
    """A turn with no time at all takes one event that it reads, and what is before."""
    monkeypatch.setattr(turn, "LONGEST_S", 0)
    positions = [earn(bonus.ONE) for _ in range(3)]
    for position in positions:
        assert reactions.checkpoint().position < position
        following.run_round(worker="tests")
        assert reactions.checkpoint().position >= position
    assert bonuses() == 3


def test_it_lets_go_a_refusal_that_means_no_longer_needed(started):
    earn(bonus.FEE)
    assert react().position == accounts.window(started)[-1].position
    assert (given(), dead_letters.count(NAME)) == ([], 0)


def test_it_holds_the_stream_of_any_other_refusal_and_no_other(started):
    open_account("2")
    earn(bonus.DUE_FEE)
    earn(bonus.ONE)
    earn(bonus.ONE, id="2")
    react()
    assert (bonuses("1"), bonuses("2")) == (0, 1)
    (letter,) = DeadLetter.objects.all()
    assert (letter.projection, letter.stream) == (NAME, "account-1")
    assert letter.error == "TooFewPoints: only 500 points are left"
    assert letter.handler == "tests.loyalty.reactors.bonus.LoyaltyBonus version 1"
    earn(700)
    assert control.retry(letter.pk, **ASKED) is True
    assert [type(each.data).__name__ for each in given()] == [
        "PointsSpent",
        "PointsEarned",
    ]


def test_it_tries_a_held_stream_again_by_itself(started):
    earn(bonus.DUE_FEE)
    react()
    earn(700)
    react()
    assert given() == []
    DeadLetter.objects.update(next_attempt_at="2026-01-01T00:00:00Z")
    react()
    assert len(given()) == 1
    assert not DeadLetter.objects.exists()


def test_it_skips_an_event_for_ever_and_goes_on(started):
    earn(bonus.DUE_FEE)
    earn(bonus.ONE)
    react()
    letter = DeadLetter.objects.get()
    assert control.skip(letter.pk, **ASKED) is True
    assert bonuses() == 1
    control.start_reactor(NAME, position=1, **ASKED)
    react()
    assert not DeadLetter.objects.exists()


def test_it_holds_nothing_when_the_database_is_away(started, monkeypatch):
    earn(bonus.ONE)

    def away(original, self, event):
        reactions.kill_session("default")
        return original(self, event)

    with reactions.instead(monkeypatch, "react", away):
        assert following.run_round(worker="tests").database_error
    connections["default"].close()
    assert (dead_letters.count(NAME), reactions.checkpoint().failures) == (0, 0)
    react()
    assert bonuses() == 1


def test_it_holds_nothing_when_the_code_is_broken_for_every_event(started, monkeypatch):
    earn(bonus.ONE)

    def broken(original, self, event):
        raise ImportError("half a deploy")

    with reactions.instead(monkeypatch, "react", broken):
        failed = react()
    assert (failed.failures, dead_letters.count(NAME)) == (1, 0)
    assert failed.failure["error"] == "ImportError: half a deploy"
    Checkpoint.objects.update(next_attempt_at=None)
    react()
    assert bonuses() == 1


def test_it_holds_one_stream_when_an_answer_outlives_the_lease(started, monkeypatch):
    open_account("2")
    for id in ("1", "2", "1", "2"):
        earn(bonus.ONE, id=id)
    accounts.change_lease(monkeypatch, "idle_in_transaction_session_timeout", "150ms")

    def slow(original, self, event):
        if event.stream == "account-1":
            threading.Event().wait(0.5)  # the time that a call takes
        return original(self, event)

    with reactions.instead(monkeypatch, "react", slow):
        react()
    (letter,) = DeadLetter.objects.all()
    assert (letter.stream, bonuses("2")) == ("account-1", 2)
    control.retry(letter.pk, **ASKED)
    assert bonuses("1") == 2


def test_it_is_never_run_by_a_projections_rebuild(started, monkeypatch):
    earn(bonus.ONE)
    react()
    before = reactions.checkpoint()
    earn(bonus.ONE)  # not handled yet
    accounts.follow()
    seen = []

    def counting(original, self, event):
        seen.append(event)
        return original(self, event)

    with reactions.instead(monkeypatch, "react", counting):
        for each in status.all():
            control.rebuild(each.name, **ASKED)
        while runner.run_round(worker="tests").advanced or operations.unfinished():
            operating.work()
        assert accounts.points() == 2 * bonus.ONE + bonus.BONUS
        assert seen == []
        assert reactions.checkpoint().position == before.position
        react()
        assert len(seen) == 2  # the bonus is an event as well
    assert bonuses() == 2


def test_it_is_no_projection(started):
    client = Client()
    names = {each.name for each in status.all()}
    assert NAME not in names
    shown = client.get("/health/projections").json()["projections"]
    assert {each["name"] for each in shown} == names
    client.force_login(User.objects.create_superuser("root", password="secret"))
    assert NAME not in client.get("/admin/projections/checkpoint/").content.decode()
    for action in (control.pause, control.resume, control.rebuild):
        with pytest.raises(errors.UnknownProjection):
            action(NAME, **ASKED)
    for action in (control.pause_reactor, control.resume_reactor):
        with pytest.raises(errors.UnknownReactor, match="loyalty_bonus"):
            action(accounts.NAME, **ASKED)


def test_it_takes_a_log_that_diverged_for_a_fault_of_its_own(started):
    Checkpoint.objects.filter(projection=NAME).update(event_id=uuid.uuid4())
    earn(bonus.ONE)
    stopped = react()
    assert stopped.state == Checkpoint.State.FAULTED
    assert "reactor start" in stopped.failure["error"]
    assert bonuses() == 0
    with pytest.raises(errors.NotAllowedInState, match="start it from a position"):
        control.resume_reactor(NAME, **ASKED)
    control.start_reactor(NAME, position=started.position + 1, **ASKED)
    assert react().state == Checkpoint.State.RUNNING
    assert bonuses() == 1


def test_it_is_left_to_newer_code_once_that_has_begun(started, monkeypatch):

    earn(bonus.ONE)
    with monkeypatch.context() as deployed:
        deployed.setattr(bonus.LoyaltyBonus, "version", 2)
        assert react().version == 2
    assert bonuses() == 1
    earn(bonus.ONE)
    react()
    assert bonuses() == 1
