"""Appending with an expected version: all or nothing, and never out of order."""

import psycopg
import pytest
from django.db import IntegrityError, transaction

from eventstore import errors, store
from orders.domain.events import NoteAdded
from tests.integration.eventstore import sessions
from tests.integration.eventstore.clients import Beside
from tests.integration.eventstore.notes import AT, note
from tests.integration.eventstore.sessions import FLOOR_LOCKS

pytestmark = pytest.mark.usefixtures("database")

STREAM = "order-0190a5ee-0000-7000-8000-000000000001"
VERSIONS = "SELECT version FROM eventstore_event WHERE stream = %s ORDER BY position"


def append(*texts: str, expected: int) -> list[store.Appended]:
    return store.append(
        STREAM, [note(each) for each in texts], expected_version=expected
    )


def append_again() -> None:
    """An event with the id of the stream's first one."""
    known = store.read_stream(STREAM)[0].event_id
    version = store.version_of(STREAM)
    store.append(STREAM, [note(event_id=known)], expected_version=version)


def versions(session: sessions.Session) -> list[int]:
    return [version for (version,) in session.execute(VERSIONS, [STREAM])]


def test_it_stores_events_as_they_were_given(watcher):
    first, second = append("a", "ü", expected=0)
    assert (first.version, second.version) == (1, 2)
    assert second.position > first.position
    found = store.read_stream(STREAM)
    assert [each.data for each in found] == [NoteAdded(text="a"), NoteAdded(text="ü")]
    assert [each.position for each in found] == [first.position, second.position]
    assert {each.occurred_at for each in found} == {AT}
    assert [each.recorded_at for each in found] == [
        first.recorded_at,
        second.recorded_at,
    ]
    assert found[0].metadata == {"actor": "t"}


@pytest.mark.parametrize(
    "text",
    ["two\nlines", 'a "quote"', "back\\slash\\n", "{1,2}", "NULL", "\u2028\U0001f600"],
)
def test_it_stores_any_text_as_it_is(text):
    append(text, "between", text, expected=0)
    texts = [each.data.text for each in store.read_stream(STREAM)]
    assert texts == [text, "between", text]


@pytest.mark.parametrize("expected", [0, 1, 3, 4])
def test_it_refuses_a_version_that_the_stream_is_not_at(expected, watcher):
    append("a", "b", expected=0)
    with pytest.raises(errors.ConcurrencyConflict) as refused:
        append("c", "d", expected=expected)
    assert (refused.value.stream, refused.value.expected) == (STREAM, expected)
    assert versions(watcher) == [1, 2]


@pytest.mark.parametrize("end", ["commit", "rollback"])
def test_it_refuses_one_too_high_while_that_version_is_open(end, open_session, watcher):
    append("a", expected=0)
    writer = open_session()
    writer.append(STREAM, 2)
    with pytest.raises(errors.ConcurrencyConflict):
        append("c", expected=2)
    getattr(writer, end)()
    assert versions(watcher) == ([1, 2] if end == "commit" else [1])


def test_it_would_leave_a_hole_by_an_insert_that_does_not_look(open_session, watcher):
    append("a", expected=0)
    writer = open_session()
    writer.append(STREAM, 2)
    watcher.append(STREAM, 3)
    writer.rollback()
    assert versions(watcher) == [1, 3]


def test_it_loses_to_an_open_append_of_the_same_version(open_session, watcher):
    writer = open_session()
    writer.append(STREAM, 1)
    rival = Beside(lambda: append("b", "c", expected=0))
    sessions.wait_for_lock(watcher, rival.pid)
    writer.commit()
    with pytest.raises(errors.ConcurrencyConflict):
        rival.result()
    assert versions(watcher) == [1]


def test_it_takes_the_version_that_an_open_append_gave_up(open_session, watcher):
    writer = open_session()
    writer.append(STREAM, 1)
    rival = Beside(lambda: append("b", "c", expected=0))
    sessions.wait_for_lock(watcher, rival.pid)
    writer.rollback()
    assert [each.version for each in rival.result()] == [1, 2]
    assert versions(watcher) == [1, 2]


def test_it_refuses_an_event_id_that_is_in_the_log(watcher):
    known = note()
    store.append(STREAM, [known], expected_version=0)
    again = [note("new"), note("again", event_id=known.event_id), note("new")]
    with pytest.raises(errors.DuplicateEvent):
        store.append(STREAM, again, expected_version=1)
    assert versions(watcher) == [1]


def test_it_would_store_the_others_by_on_conflict_do_nothing(watcher):
    known = note()
    store.append(STREAM, [known], expected_version=0)
    for event_id, version in ((known.event_id, 2), (note().event_id, 3)):
        watcher.execute(
            sessions.APPEND.replace("gen_random_uuid()", f"'{event_id}'").replace(
                "RETURNING position", "ON CONFLICT DO NOTHING"
            ),
            [STREAM, version],
        )
    assert versions(watcher) == [1, 3]


def test_it_keeps_the_callers_earlier_work_at_a_conflict(watcher):
    other = sessions.new_stream()
    append("a", expected=0)
    with transaction.atomic():
        store.append(other, [note()], expected_version=0)
        with pytest.raises(errors.ConcurrencyConflict):
            append("b", expected=0)
        with pytest.raises(errors.DuplicateEvent):
            append_again()
        append("c", expected=1)
    assert versions(watcher) == [1, 2]
    assert store.version_of(other) == 1


def test_it_is_undone_with_the_callers_transaction(watcher):
    with transaction.atomic():
        append("a", expected=0)
        transaction.set_rollback(True)
    assert versions(watcher) == []


def test_it_keeps_its_floor_published_after_a_conflict_of_the_same_transaction(watcher):
    """The conflict's savepoint takes its own lock away, not that of earlier work."""
    append("a", expected=0)
    with transaction.atomic():
        store.append(sessions.new_stream(), [note()], expected_version=0)
        with pytest.raises(errors.DuplicateEvent):
            append_again()
        assert watcher.value(FLOOR_LOCKS) == 1
    assert watcher.value(FLOOR_LOCKS) == 0


def test_it_lets_other_faults_through_with_their_cause(watcher):
    """Whoever tells infrastructure from events looks at the cause's SQLSTATE."""
    too_long = f"order-{'x' * 200}"
    with pytest.raises(IntegrityError, match="stream_length") as refused:
        store.append(too_long, [note()], expected_version=0)
    assert isinstance(refused.value.__cause__, psycopg.errors.CheckViolation)


def test_it_records_times_that_do_not_run_backwards_in_a_stream(open_session, watcher):
    early = open_session()
    began = early.value("SELECT now()")
    first = watcher.value(
        sessions.APPEND.replace("position", "recorded_at"), [STREAM, 1]
    )
    second = early.value(
        sessions.APPEND.replace("position", "recorded_at"), [STREAM, 2]
    )
    assert began < first <= second  # now(), the start of the transaction, would


def test_it_needs_two_statements_where_it_stands_alone(django_assert_num_queries):
    append("a", expected=0)  # makes the key
    with django_assert_num_queries(2):
        append(*"abcdefgh", expected=1)


def test_it_refuses_to_append_nothing():
    with pytest.raises(ValueError, match="no events"):
        append(expected=0)


def test_it_reads_a_part_of_a_stream():
    append("a", "b", "c", "d", expected=0)
    read = store.read_stream(STREAM, from_version=2, to_version=3)
    assert [each.data.text for each in read] == ["b", "c"]
    assert store.read_stream(sessions.new_stream()) == []
