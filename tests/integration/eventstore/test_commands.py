"""The pipeline: load, decide, append, and decide again when another writer won."""

from dataclasses import replace
from datetime import UTC, datetime
from threading import Barrier, BrokenBarrierError
from uuid import UUID, uuid4

import pytest
from django.db import connections, transaction

from eventstore import commands, errors, ids, store, tokens
from eventstore.commands import Context, Outcome
from orders import streams
from orders.domain.commands import AddNote, ConfirmOrder
from orders.domain.errors import NotAllowedInStatus, OrderError
from orders.domain.events import NoteAdded
from orders.streams import ORDER
from tests.integration.eventstore import clients, sessions
from tests.unit.orders.builders import capture, deliver, place, ship

pytestmark = pytest.mark.usefixtures("database")

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ASKED = Context(actor="tests", source="test", request_id="r-1", traceparent="t-1")


def handle(order_id: UUID, command, *, stream_type=ORDER, context=ASKED, **more):
    return commands.handle(
        stream_type, order_id, command, at=AT, context=context, **more
    )


@pytest.fixture
def order_id(database: None) -> UUID:
    """A new order at version 1."""
    id = uuid4()
    handle(id, place())
    return id


def deciding_together(count: int):
    """Orders whose first `count` decisions all see the same version of the stream."""
    barrier = Barrier(count)

    def decide(order, command, *, at):
        try:
            barrier.wait(timeout=5)
            barrier.abort()  # from the second decision on nobody waits
        except BrokenBarrierError:
            pass
        return streams.ORDER.decide(order, command, at=at)

    return replace(ORDER, decide=decide)


def texts(order_id: UUID) -> list[str]:
    read = store.read_stream(f"order-{order_id}")
    return [each.data.text for each in read if isinstance(each.data, NoteAdded)]


def test_it_answers_with_the_events_as_they_are_stored(order_id):
    outcome = handle(order_id, AddNote(text="a"))
    (stored,) = store.read_stream(outcome.stream, from_version=2)
    (answered,) = outcome.events
    assert answered.envelope() == stored.envelope()
    assert (outcome.version, outcome.position) == (2, stored.position)
    assert not outcome.repeated
    token = tokens.parse(outcome.consistency_token)
    assert (token.stream, token.version) == (outcome.stream, 2)
    assert (token.position, token.epoch) == (stored.position, 1)


def test_it_says_in_the_metadata_who_asked_and_what_for(order_id):
    (event,) = handle(order_id, AddNote(text="a")).events
    command_id = event.metadata["command_id"]
    assert event.metadata == {
        "command_id": command_id,
        "correlation_id": "r-1",
        "actor": "tests",
        "source": "test",
        "request_id": "r-1",
        "traceparent": "t-1",
        "customer_id": "customer-1",
    }
    assert UUID(command_id).version == 7


def test_it_stores_all_events_of_a_command_or_none(order_id):
    for command in (ConfirmOrder(), ship(), deliver()):
        handle(order_id, command)
    outcome = handle(order_id, capture("50.00"))
    assert [each.type for each in outcome.events] == [
        "PaymentCaptured",
        "OrderCompleted",
    ]
    assert [each.version for each in outcome.events] == [5, 6]


def test_it_stores_nothing_when_the_domain_refuses(order_id):
    handle(order_id, ConfirmOrder())
    with pytest.raises(NotAllowedInStatus):
        handle(order_id, ConfirmOrder())
    assert store.version_of(f"order-{order_id}") == 2


def test_it_decides_again_when_another_writer_won(order_id):
    racing = deciding_together(3)
    answers = clients.together(
        3, lambda n: handle(order_id, AddNote(text=str(n)), stream_type=racing)
    )
    assert sorted(each.version for each in answers) == [2, 3, 4]
    assert sorted(texts(order_id)) == ["0", "1", "2"]


def test_it_decides_on_what_the_winner_left(order_id):
    """Both saw a pending order; the second decision sees a confirmed one."""
    racing = deciding_together(2)
    answers = clients.together(
        2, lambda n: handle(order_id, ConfirmOrder(), stream_type=racing)
    )
    assert sorted(type(each) for each in answers if isinstance(each, OrderError)) == [
        NotAllowedInStatus
    ]
    assert store.version_of(f"order-{order_id}") == 2


def test_it_gives_up_when_every_attempt_is_lost(order_id):
    def decide(order, command, *, at):
        current = store.version_of(f"order-{order_id}")
        with sessions.opened() as open_session:
            open_session(autocommit=True).append(f"order-{order_id}", current + 1)
        return streams.ORDER.decide(order, command, at=at)

    with pytest.raises(errors.VersionConflict) as lost:
        handle(order_id, AddNote(text="x"), stream_type=replace(ORDER, decide=decide))
    assert lost.value.attempts == 4  # the first one and retry_attempts of cqrs.yaml
    assert texts(order_id) == ["a"] * 4


@pytest.mark.parametrize("expected", [0, 1, 3])
def test_it_refuses_a_version_the_caller_did_not_mean(expected, order_id):
    handle(order_id, AddNote(text="a"))
    with pytest.raises(errors.VersionMismatch) as refused:
        handle(order_id, AddNote(text="b"), expected_version=expected)
    assert (refused.value.expected, refused.value.actual) == (expected, 2)
    assert handle(order_id, AddNote(text="c"), expected_version=2).version == 3


def test_it_does_not_decide_again_behind_a_caller_who_expects_a_version(order_id):
    racing = deciding_together(2)
    answers = clients.together(
        2,
        lambda n: handle(
            order_id, AddNote(text=str(n)), stream_type=racing, expected_version=1
        ),
    )
    lost = [each for each in answers if isinstance(each, errors.VersionMismatch)]
    assert [(each.expected, each.actual) for each in lost] == [(1, 2)]
    assert len(texts(order_id)) == 1


@pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])
def test_it_refuses_a_transaction_that_cannot_see_a_winner(level, order_id):
    with transaction.atomic(), connections["default"].cursor() as cursor:
        cursor.execute(f"SET TRANSACTION ISOLATION LEVEL {level}")
        with pytest.raises(errors.WrongIsolation, match=level.lower()):
            handle(order_id, AddNote(text="a"))
    assert texts(order_id) == []


def test_it_is_undone_with_the_callers_transaction(order_id):
    with transaction.atomic():
        handle(order_id, AddNote(text="a"))
        transaction.set_rollback(True)
    assert texts(order_id) == []


def test_it_decides_again_inside_the_callers_transaction(order_id):
    other = uuid4()

    def both(n: int) -> Outcome:
        with transaction.atomic():
            handle(other if n else uuid4(), place())
            return handle(order_id, AddNote(text=str(n)), stream_type=racing)

    racing = deciding_together(2)
    answers = clients.together(2, both)
    assert sorted(each.version for each in answers) == [2, 3]
    assert store.version_of(f"order-{other}") == 1


class TestCommandId:
    """A caller that may repeat itself names its command; it takes effect once."""

    ONCE = replace(ASKED, command_id="import-17")

    def test_it_takes_effect_once(self, order_id):
        first = handle(order_id, AddNote(text="a"), context=self.ONCE)
        handle(order_id, AddNote(text="between"))
        again = handle(order_id, AddNote(text="a"), context=self.ONCE)
        assert (first.repeated, again.repeated) == (False, True)
        assert again == replace(first, repeated=True, events=again.events)
        assert [each.envelope() for each in again.events] == [
            each.envelope() for each in first.events
        ]
        assert texts(order_id) == ["a", "between"]

    def test_it_answers_a_repeated_command_before_the_domain_would_refuse_it(self):
        id = uuid4()
        first = handle(id, place(), context=self.ONCE)
        again = handle(id, place(), context=self.ONCE)
        assert again.repeated
        assert again.consistency_token == first.consistency_token

    def test_it_answers_a_repeated_command_whatever_version_it_expected(self, order_id):
        expecting = {"context": self.ONCE, "expected_version": 1}
        handle(order_id, AddNote(text="a"), **expecting)
        assert handle(order_id, AddNote(text="a"), **expecting).repeated
        assert texts(order_id) == ["a"]

    def test_it_answers_with_all_events_of_the_command(self, order_id):
        for command in (ConfirmOrder(), ship(), deliver()):
            handle(order_id, command)
        handle(order_id, capture("50.00"), context=self.ONCE)
        handle(order_id, AddNote(text="later"))
        again = handle(order_id, capture("50.00"), context=self.ONCE)
        assert [each.type for each in again.events] == [
            "PaymentCaptured",
            "OrderCompleted",
        ]
        assert again.version == 6

    def test_it_is_another_command_in_another_stream(self, order_id):
        handle(order_id, AddNote(text="a"), context=self.ONCE)
        assert not handle(uuid4(), place(), context=self.ONCE).repeated

    def test_it_takes_effect_once_from_eight_clients_at_once(self, order_id):
        racing = deciding_together(8)
        answers = clients.together(
            8,
            lambda n: handle(
                order_id, AddNote(text="a"), stream_type=racing, context=self.ONCE
            ),
        )
        assert sorted(each.repeated for each in answers) == [False] + [True] * 7
        assert {each.consistency_token for each in answers} == {
            answers[0].consistency_token
        }
        assert texts(order_id) == ["a"]

    def test_it_takes_effect_once_when_the_stream_went_on_in_between(self, order_id):
        """The unique event id refuses what a check before would have let through."""
        first = ids.event_id_of(
            stream=f"order-{order_id}", command_id="import-17", index=0
        )

        def decide(order, command, *, at):
            if order.version == 1:
                handle(order_id, AddNote(text="a"), context=self.ONCE)
            return streams.ORDER.decide(order, command, at=at)

        outcome = handle(
            order_id,
            AddNote(text="a"),
            stream_type=replace(ORDER, decide=decide),
            context=self.ONCE,
        )
        assert outcome.repeated
        assert [each.event_id for each in outcome.events] == [first]
        assert texts(order_id) == ["a"]


def test_it_gives_the_time_to_the_events_and_not_the_clock():
    past = datetime(1999, 12, 31, tzinfo=UTC)
    outcome = commands.handle(ORDER, uuid4(), place(), at=past, context=ASKED)
    (event,) = store.read_stream(outcome.stream)
    assert event.occurred_at == past
    assert event.recorded_at.year > 2000


def test_it_accepts_a_command_that_changes_nothing(order_id):
    def decide(order, command, *, at):
        return []

    before = store.read_stream(f"order-{order_id}")
    outcome = handle(
        order_id, ConfirmOrder(), stream_type=replace(ORDER, decide=decide)
    )
    assert (outcome.version, outcome.events) == (1, ())
    assert outcome.position == before[-1].position
    assert tokens.parse(outcome.consistency_token).position == outcome.position
    assert len(store.read_stream(f"order-{order_id}")) == 1
