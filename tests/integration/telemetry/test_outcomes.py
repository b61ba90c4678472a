"""Each command that the pipeline sees is noted once, with what became of it."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError, connection, transaction

from eventstore import bulk, commands, errors
from eventstore.bulk import Ask
from eventstore.commands import Context
from eventstore.telemetry import outcomes, recording, sending
from orders.domain.commands import AddNote, ConfirmOrder, PlaceOrder
from orders.domain.errors import OrderError
from orders.streams import ORDER
from tests.integration.eventstore import clients
from tests.unit.orders.builders import place

pytestmark = pytest.mark.usefixtures("database")

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ASKED = Context(actor="user:ada", source="test", request_id="r-1", correlation_id="c-1")


def handle(id: UUID, command: object, *, context: Context = ASKED, expected=None):
    return commands.handle(
        ORDER, id, command, at=AT, context=context, expected_version=expected
    )


def noted() -> list[outcomes.CommandOutcome]:
    assert sending.flush()
    return outcomes.recent(limit=100)


def counted() -> dict[tuple[str, str, str], int]:
    assert sending.flush()
    found = outcomes.summary(minutes=1).counts
    return {(each.command, each.outcome, each.code): each.count for each in found}


def interrupted(work):
    """Does `work` just before each append of the block."""

    def see(execute, sql, *rest):
        if "INSERT INTO eventstore_event" in sql:
            work()
        return execute(sql, *rest)

    return connection.execute_wrapper(see)


def add_note_beside(id: UUID) -> None:
    """On a connection of its own, committed when this returns."""
    clients.together(1, lambda _: handle(id, AddNote(text="I was faster")))


def test_it_notes_what_was_accepted():
    id = uuid4()
    handle(id, place())
    (found,) = noted()
    assert found.seconds > 0
    assert found == outcomes.CommandOutcome(
        at=found.at,
        command="place-order",
        outcome="accepted",
        stream=f"order-{id}",
        events=1,
        attempts=1,
        seconds=found.seconds,
        actor="user:ada",
        source="test",
        request_id="r-1",
        correlation_id="c-1",
    )
    assert counted() == {("place-order", "accepted", ""): 1}


def test_it_notes_a_rejection_with_its_code_alone():
    with pytest.raises(OrderError):
        handle(uuid4(), ConfirmOrder())
    (found,) = noted()
    assert (found.outcome, found.code) == ("rejected", "unknown-order")
    assert (found.command, found.events) == ("confirm-order", 0)


def test_it_notes_a_repeated_command():
    id, repeated = uuid4(), Context(actor="reactor:r", command_id=str(uuid4()))
    for _ in range(2):
        handle(id, place(), context=repeated)
    assert [each.outcome for each in noted()] == ["repeated", "accepted"]


def test_it_notes_a_version_that_was_not_the_expected_one():
    id = uuid4()
    handle(id, place())
    with pytest.raises(errors.VersionMismatch):
        handle(id, ConfirmOrder(), expected=7)
    (found,) = outcomes_of("version-mismatch")
    assert (found.code, found.attempts) == ("version-mismatch", 1)


def outcomes_of(outcome: str) -> list[outcomes.CommandOutcome]:
    assert sending.flush()
    return outcomes.recent(limit=100, outcome=outcome)


def test_it_notes_decisions_that_were_made_again():
    id = uuid4()
    handle(id, place())
    left = [1, 2]

    def overtake() -> None:
        if left:
            left.pop()
            add_note_beside(id)

    with interrupted(overtake):
        handle(id, ConfirmOrder())
    (found,) = [each for each in noted() if each.command == "confirm-order"]
    assert (found.outcome, found.attempts) == ("accepted", 3)
    assert outcomes.summary(minutes=1).conflicts == {"confirm-order": 2}


def test_it_notes_a_command_whose_attempts_are_used_up():
    id = uuid4()
    handle(id, place())
    with (
        interrupted(lambda: add_note_beside(id)),
        pytest.raises(errors.VersionConflict),
    ):
        handle(id, ConfirmOrder())
    (found,) = outcomes_of("version-conflict")
    assert found.attempts == commands.attempts()
    assert outcomes.summary(minutes=1).conflicts == {"confirm-order": 3}


def test_it_notes_a_fault_by_its_class():
    def fail(execute, sql, *rest):
        raise DatabaseError("with a text that quotes a payload")

    with connection.execute_wrapper(fail), pytest.raises(DatabaseError):
        handle(uuid4(), place())
    (found,) = noted()
    assert (found.outcome, found.code) == ("failed", "DatabaseError")


def test_it_notes_nothing_accepted_whose_transaction_is_taken_back():
    with transaction.atomic():
        handle(uuid4(), place())
        transaction.set_rollback(True)
    assert noted() == []
    assert counted() == {}


def test_it_finds_by_outcome_code_and_command():
    id = uuid4()
    handle(id, place())
    for command in (ConfirmOrder(), ConfirmOrder(), place()):
        try:
            handle(id, command)
        except OrderError:
            continue
    assert sending.flush()
    assert len(outcomes.recent(limit=10)) == 4
    assert len(outcomes.recent(limit=2)) == 2
    assert len(outcomes.recent(limit=10, outcome="rejected")) == 2
    assert len(outcomes.recent(limit=10, code="order-exists")) == 1
    assert len(outcomes.recent(limit=10, command="place-order")) == 2


def test_it_counts_all_of_a_bulk_and_remembers_its_refusals_first():
    confirmed, *others = (uuid4() for _ in range(30))
    asks: list[tuple[UUID, object]] = [(id, place()) for id in others]
    asks.insert(20, (confirmed, ConfirmOrder()))
    bulk.handle(
        ORDER,
        [Ask(stream_id=id, command=command) for id, command in asks],
        at=AT,
        context=ASKED,
    )
    assert counted() == {
        ("place-order", "accepted", ""): 29,
        ("confirm-order", "rejected", "unknown-order"): 1,
    }
    assert len(noted()) == recording.NEWEST_OF_BULK
    assert [each.command for each in outcomes_of("rejected")] == ["confirm-order"]


def test_it_notes_those_of_a_bulk_once_that_went_one_by_one():
    taken, free = uuid4(), uuid4()
    handle(taken, place())
    sending.flush()
    with interrupted(lambda: add_note_beside(taken)):
        bulk.handle(
            ORDER,
            [
                Ask(stream_id=taken, command=ConfirmOrder()),
                Ask(stream_id=free, command=place()),
            ],
            at=AT,
            context=ASKED,
        )
    found = counted()
    assert found["confirm-order", "version-conflict", "version-conflict"] == 1
    assert found["place-order", "accepted", ""] == 2


def test_the_name_of_a_command_is_that_of_its_class():
    assert outcomes.name_of(PlaceOrder) == "place-order"
