"""Nobody chooses a position: below a checkpoint no reader would ever see the event."""

import psycopg
import pytest

from eventstore import store
from tests.integration.eventstore import sessions

WITH_POSITION = f"(position, {sessions.COLUMNS.lstrip('(')}"
OVERRIDING = f"""
INSERT INTO eventstore_event {WITH_POSITION} OVERRIDING SYSTEM VALUE
VALUES (%s, gen_random_uuid(), 'order-chosen', 1, 'NoteAdded', 1, now(), '{{}}', '{{}}')
"""
WITHOUT_GUARD = "ALTER TABLE eventstore_event DISABLE TRIGGER eventstore_event_position"


@pytest.fixture
def hole(open_session: sessions.Open, watcher: sessions.Session) -> int:
    """A position that was rolled back, and that a reader has gone beyond."""
    rolled_back = open_session()
    position = rolled_back.append()
    rolled_back.rollback()
    watcher.append()
    assert [each.position for each in store.read_settled(after=0, limit=9)] == [
        position + 1
    ]
    return position


def copy(session: sessions.Session, position: int) -> None:
    row = (position, "00000000-0000-7000-8000-000000000001", "order-chosen", 1)
    with (
        session.cursor() as cursor,
        cursor.copy(f"COPY eventstore_event {WITH_POSITION} FROM STDIN") as copying,
    ):
        copying.write_row((*row, "NoteAdded", 1, "2026-01-01T00:00:00Z", "{}", "{}"))


def override(session: sessions.Session, position: int) -> None:
    session.execute(OVERRIDING, [position])


@pytest.mark.parametrize("insert", [copy, override])
def test_it_refuses_a_position_that_readers_have_passed(insert, hole, watcher):
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="drawn now"):
        insert(watcher, hole)
    assert store.version_of("order-chosen") == 0


@pytest.mark.parametrize("insert", [copy, override])
def test_it_would_lose_that_event_without_the_guard(
    insert, hole, watcher, open_session
):
    with open_session() as owner:
        owner.execute(WITHOUT_GUARD)
        insert(owner, hole)
        owner.execute(
            "ALTER TABLE eventstore_event "
            "ENABLE ALWAYS TRIGGER eventstore_event_position"
        )
    assert store.version_of("order-chosen") == 1
    assert store.read_settled(after=hole + 1, limit=9) == []


def test_it_refuses_it_in_a_transaction_that_has_appended_before(hole, open_session):
    session = open_session()
    session.append()
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        override(session, hole)
