"""A failing event stops its stream, in order, and nothing else (P5)."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connections
from django.utils import timezone

from eventstore import commands
from orders.streams import ORDER
from projections import control, dead_letters, errors, runner, status
from projections.models import AuditEntry, DeadLetter, SkippedEvent
from tests import cleaning
from tests.integration.eventstore import sessions
from tests.integration.projections import accounts, rebuilds
from tests.integration.projections.accounts import NAME, earn, points
from tests.loyalty.projections.balance import LoyaltyBalance
from tests.unit.orders.builders import place

pytestmark = pytest.mark.usefixtures("database")


class Bug(Exception):
    pass


@pytest.fixture(autouse=True)
def look_every_round(monkeypatch):
    monkeypatch.setattr(runner, "HELD_LOOK_S", 0)


@pytest.fixture
def bug(monkeypatch):
    """Code that fails at events that earn 3 points, after it has changed the row."""
    fold = LoyaltyBalance.fold

    def failing(self, rows, event):
        fold(self, rows, event)
        if getattr(event.data, "points", None) == 3:
            raise Bug("three")

    monkeypatch.setattr(LoyaltyBalance, "fold", failing)


def letter() -> DeadLetter:
    (found,) = DeadLetter.objects.all()
    return found


def due() -> None:
    """As if the time of the next attempt had come."""
    DeadLetter.objects.update(next_attempt_at=timezone.now())


def follow_all() -> None:
    while runner.run_round(worker="tests").advanced:
        pass


def test_it_holds_the_failing_event_and_all_behind_it(bug):
    for id in ("1", "2"):
        accounts.open_account(id)
        earn(10, id=id)
    for each in (1, 3, 5):
        earn(each)
    earn(7, id="2")
    last = earn(8, id="2")
    accounts.follow()
    # One batch: what came before is in, the rest of the stream is not, others are.
    assert (points("1"), points("2")) == (11, 25)
    assert accounts.checkpoint().position == last
    earn(20)
    earn(30, id="2")
    follow_all()
    assert (points("1"), points("2")) == (11, 55)
    assert dead_letters.held_events(letter()) == 3


def test_it_tells_what_failed_and_why(bug):
    accounts.open_account()
    position = earn(3)
    accounts.follow()
    found = letter()
    assert (found.projection, found.stream, found.version) == (NAME, "account-1", 2)
    assert (found.position, found.type) == (position, "PointsEarned")
    assert (found.category, found.error) == ("handler", "Bug: three")
    assert "in failing" in found.traceback
    assert found.handler.endswith("balance.LoyaltyBalance version 1")
    assert (found.attempts, found.state) == (1, DeadLetter.State.RETRYING)
    standing = status.of(NAME)
    assert (standing.state, standing.lag_events) == ("running", 0)
    assert standing.dead_letters == 1


def test_it_tries_again_with_back_off_and_then_waits_for_an_operator(bug):
    accounts.open_account()
    earn(3)
    before = timezone.now()
    accounts.follow()
    delays = [letter().next_attempt_at - before]
    for _ in range(3):
        due()
        before = timezone.now()
        accounts.follow()
        delays.append(letter().next_attempt_at - before)
    assert [round(each / timedelta(seconds=1)) for each in delays] == [1, 2, 4, 8]
    due()
    accounts.follow()
    found = letter()
    assert (found.attempts, found.state) == (5, DeadLetter.State.PARKED)
    assert found.next_attempt_at is None
    accounts.follow()
    assert letter().attempts == 5


def test_it_tries_again_as_often_and_as_late_as_is_configured(bug, settings):
    settings.CQRS = accounts.configured(
        max_attempts=2, retry_first_delay_s=30, retry_longest_delay_s=40
    )
    accounts.open_account()
    earn(3)
    before = timezone.now()
    accounts.follow()
    waits = letter().next_attempt_at - before
    assert round(waits / timedelta(seconds=1)) == 30
    due()
    accounts.follow()
    assert (letter().attempts, letter().state) == (2, DeadLetter.State.PARKED)


def test_it_applies_what_was_held_in_order_once_the_code_is_mended(bug, monkeypatch):
    accounts.open_account()
    for each in (1, 3, 5, 3, 7):
        earn(each)
    accounts.follow()
    assert points() == 1
    monkeypatch.undo()
    monkeypatch.setattr(runner, "HELD_LOOK_S", 0)
    due()
    accounts.follow()
    assert points() == 19
    assert not DeadLetter.objects.exists()
    earn(2)
    accounts.follow()
    assert points() == 21


def test_it_stops_at_the_next_failing_event_of_the_stream(monkeypatch):
    broken = {3, 4}
    fold = LoyaltyBalance.fold

    def failing(self, rows, event):
        if getattr(event.data, "points", None) in broken:
            raise Bug("broken")
        fold(self, rows, event)

    monkeypatch.setattr(LoyaltyBalance, "fold", failing)
    accounts.open_account()
    for each in (1, 3, 5, 4, 6):
        earn(each)
    accounts.follow()
    broken.remove(3)
    assert control.retry(letter().pk, actor=accounts.ADA, reason="half mended") is False
    found = letter()
    assert (points(), found.version, found.attempts) == (9, 5, 1)
    broken.clear()
    assert control.retry(found.pk, actor=accounts.ADA, reason="mended") is True
    assert points() == 19


def test_it_finds_the_rows_that_the_database_refuses():
    for id in ("1", "2", "3"):
        accounts.open_account(id)
        for each in (5, 6, 7):
            earn(each, id=id)
    earn(100, id="2")
    earn(1, id="2")
    with sessions.opened(cleaning.read_tables()) as open_session:
        owner = open_session(autocommit=True)
        owner.execute(
            "ALTER TABLE loyalty_balance ADD CONSTRAINT few CHECK (points < 100)"
        )
        try:
            accounts.follow()
        finally:
            owner.execute("ALTER TABLE loyalty_balance DROP CONSTRAINT few")
    assert [points(id) for id in ("1", "2", "3")] == [18, 18, 18]
    found = letter()
    assert (found.stream, found.version) == ("account-2", 5)
    assert "CheckViolation" in found.traceback
    control.retry(found.pk, actor=accounts.ADA, reason="constraint dropped")
    assert points("2") == 119


@pytest.mark.parametrize(
    ("type", "version", "data", "category"),
    [
        ("PointsDonated", 1, '{"points": 1}', "unknown-event-type"),
        ("PointsEarned", 2, '{"points": 1}', "unknown-event-type"),
        ("PointsEarned", 1, '{"points": "one"}', "invalid-event"),
        ("PointsEarned", 1, '{"points": 1, "why": "gift"}', "invalid-event"),
    ],
    ids=["new type", "new schema version", "wrong data", "unknown field"],
)
def test_it_does_not_pass_over_what_it_cannot_read(type, version, data, category):
    """Newer code wrote it, perhaps: passed over, it would be missing for ever."""
    accounts.open_account()
    earn(10)
    with sessions.opened() as open_session:
        open_session(autocommit=True).execute(
            """
            INSERT INTO eventstore_event
                (event_id, stream, version, type, schema_version, occurred_at, data,
                 metadata)
            VALUES (gen_random_uuid(), 'account-1', 3, %s, %s, now(), %s, '{}')
            """,
            [type, version, data],
        )
    accounts.follow()
    assert (letter().category, letter().version) == (category, 3)
    assert type in letter().error
    assert points() == 10


def test_it_does_not_hinder_other_projections(bug):
    accounts.open_account()
    earn(3)
    commands.handle(
        ORDER, uuid4(), place(), at=accounts.AT, context=commands.Context(actor="t")
    )
    accounts.follow()
    assert {(each.state, each.lag_events) for each in status.all()} == {("running", 0)}


def test_it_asks_the_database_no_more_often_for_a_batch_with_failures(bug):
    for id in range(20):
        accounts.open_account(str(id))
        earn(3 if id % 4 == 0 else 5, id=str(id))
    checkpoint = accounts.follow()
    assert DeadLetter.objects.count() == 5
    statements = []
    for count in (1, 200):
        for id in range(20):
            earn(1, id=str(id))
        accounts.earn_many(count, id="1")
        with connections["read"].execute_wrapper(
            lambda execute, *rest: (statements.append(rest[0]), execute(*rest))[1]
        ):
            accounts.follow()
        statements.append("end of round")
    first = statements.index("end of round")
    assert len(statements) == 2 * (first + 1)
    assert accounts.checkpoint().position > checkpoint.position


def test_it_skips_an_event_for_ever_and_keeps_the_reason(bug):
    accounts.open_account()
    for each in (1, 3, 5):
        earn(each)
    accounts.follow()
    with pytest.raises(errors.MissingReason):
        control.skip(letter().pk, actor=accounts.ADA, reason=" ")
    assert (
        control.skip(letter().pk, actor=accounts.ADA, reason="a double entry") is True
    )
    assert points() == 6
    (skipped,) = SkippedEvent.objects.all()
    assert (skipped.stream, skipped.reason) == ("account-1", "a double entry")
    entry = AuditEntry.objects.get(action="skip", outcome="done")
    assert (entry.actor, entry.reason) == ("ada", "a double entry")
    rebuilds.rebuild()
    assert points() == 6
    assert not DeadLetter.objects.exists()


def test_it_forgets_dead_letters_of_rows_that_are_built_anew(bug, monkeypatch):
    accounts.open_account()
    for each in (1, 3, 5):
        earn(each)
    accounts.follow()
    monkeypatch.undo()
    rebuilds.rebuild()
    assert points() == 9
    assert status.of(NAME).dead_letters == 0


def test_it_leaves_the_held_streams_of_a_paused_projection_alone(bug):
    accounts.open_account()
    earn(3)
    accounts.follow()
    control.pause(NAME, actor=accounts.ADA, reason="")
    due()
    accounts.follow()
    assert letter().attempts == 1
    control.resume(NAME, actor=accounts.ADA, reason="")
    accounts.follow()
    assert letter().attempts == 2


def test_it_serves_the_others_when_the_code_for_a_held_stream_is_broken(
    bug, monkeypatch
):
    accounts.open_account()
    earn(3)
    accounts.follow()

    def broken(self, rows, event):
        raise ImportError("half a deploy")

    monkeypatch.setattr(LoyaltyBalance, "fold", broken)
    due()
    order = commands.handle(
        ORDER, uuid4(), place(), at=accounts.AT, context=commands.Context(actor="t")
    )
    accounts.follow()
    assert status.of("order_summary").position == order.position
    assert (letter().attempts, letter().error) == (2, "ImportError: half a deploy")


def test_it_does_not_wait_for_a_lease_to_try_again(bug):
    accounts.open_account()
    earn(3)
    accounts.follow()
    with sessions.opened(cleaning.read_tables()) as open_session:
        holder = open_session()
        holder.execute("SELECT 1 FROM projections_checkpoint FOR UPDATE")
        assert dead_letters.retry(letter().pk, wait=False) is False
    assert letter().attempts == 1
    assert dead_letters.retry(letter().pk, wait=False) is False
    assert letter().attempts == 2


def test_it_does_not_know_a_dead_letter_that_is_gone():
    with pytest.raises(errors.UnknownDeadLetter, match="there is no dead letter 7"):
        control.retry(7, actor=accounts.ADA, reason="")


class Foreign(Exception):
    code = 404  # as some libraries have it


@pytest.mark.parametrize(
    ("message", "stored"),
    [
        ("a\x00b", "Foreign: a\\x00b"),
        ("a\ud800b", "Foreign: a\\ud800b"),
        ("x" * 5000, "Foreign: " + "x" * 1991),
    ],
    ids=["NUL", "half a surrogate pair", "long"],
)
def test_it_can_store_whatever_an_error_says(monkeypatch, message, stored):
    def failing(self, rows, event):
        raise Foreign(message)

    monkeypatch.setattr(LoyaltyBalance, "fold", failing)
    accounts.open_account()
    accounts.follow()
    assert (letter().error, letter().category) == (stored, "handler")
