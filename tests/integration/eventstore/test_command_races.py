"""Many clients on one order at once: exactly what was answered is in the log."""

import threading
from collections import Counter
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from eventstore import commands, errors, store
from eventstore.commands import Context, Outcome
from orders.domain.commands import AddNote
from orders.domain.errors import DuplicatePayment, OverCapture
from orders.domain.events import PaymentCaptured
from orders.streams import ORDER
from tests.integration.eventstore import clients, sessions
from tests.unit.orders.builders import capture, place

pytestmark = pytest.mark.usefixtures("database")

AT = datetime(2026, 1, 2, tzinfo=UTC)
APPEND_NEXT = sessions.APPEND.replace(
    "VALUES (gen_random_uuid(), %s, %s, 'NoteAdded', 1, now(), '{\"text\": \"a\"}',",
    "SELECT gen_random_uuid(), stream, max(version) + 1, 'PaymentCaptured', 1, now(), "
    '\'{"amount": "50.00", "method": "card", "reference": "%s"}\',',
).replace("'{}')", "'{}' FROM eventstore_event WHERE stream = %s GROUP BY stream")


def handle(order_id: UUID, command) -> Outcome:
    context = Context(actor="tests")
    return commands.handle(ORDER, order_id, command, at=AT, context=context)


@pytest.fixture
def order_id(database: None) -> UUID:
    """A new order of 50.00."""
    id = uuid4()
    handle(id, place())
    return id


def captured(order_id: UUID) -> list[PaymentCaptured]:
    read = store.read_stream(f"order-{order_id}")
    return [each.data for each in read if isinstance(each.data, PaymentCaptured)]


def test_it_stores_what_it_answered_to_twenty_clients_and_nothing_else(order_id):
    def client(n: int) -> list[str]:
        accepted = []
        for turn in range(3):
            try:
                handle(order_id, AddNote(text=f"{n}.{turn}"))
            except errors.VersionConflict:
                continue
            accepted.append(f"{n}.{turn}")
        return accepted

    answers = clients.together(20, client)
    accepted = [text for each in answers for text in each]
    log = store.read_stream(f"order-{order_id}")
    assert [each.version for each in log] == list(range(1, len(accepted) + 2))
    assert Counter(each.data.text for each in log[1:]) == Counter(accepted)
    times = [each.recorded_at for each in log]
    assert times == sorted(times)
    assert 20 <= len(accepted) <= 60


@pytest.mark.parametrize("reference", ["own", "same"])
def test_it_captures_a_payment_once_for_fifty_clients(reference, order_id):
    def client(n: int) -> Outcome:
        return handle(
            order_id, capture("50.00", reference=str(n) if reference == "own" else "r")
        )

    answers = clients.together(50, client)
    assert len([each for each in answers if isinstance(each, Outcome)]) == 1
    refused = OverCapture if reference == "own" else DuplicatePayment
    assert {type(each) for each in answers} - {Outcome, errors.VersionConflict} == {
        refused
    }
    assert [str(each.amount) for each in captured(order_id)] == ["50.00"]
    assert store.version_of(f"order-{order_id}") == 2


def test_it_would_capture_twice_if_it_appended_to_whatever_version_is_there(order_id):
    """Decided on the same version, stored one after the other."""
    decided, writing = threading.Barrier(2), threading.Lock()
    stream = f"order-{order_id}"

    def client(n: int) -> None:
        order = commands.load(ORDER, order_id).state
        ORDER.decide(order, capture("50.00", reference=str(n)), at=AT)
        decided.wait(timeout=10)
        with writing, sessions.opened() as open_session:
            sql = APPEND_NEXT.replace('"%s"', f'"{n}"')
            open_session(autocommit=True).execute(sql, [stream])

    assert clients.together(2, client) == [None, None]
    assert sum(each.amount for each in captured(order_id)) == 100
