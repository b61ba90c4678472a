"""Bulk: many streams in one statement, each at its own expected version."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from eventstore import errors, store
from eventstore.store import StreamAppend
from tests.integration.eventstore import sessions
from tests.integration.eventstore.clients import Beside
from tests.integration.eventstore.notes import note

pytestmark = pytest.mark.usefixtures("database")

A, M, Z = "order-a", "order-m", "order-z"
ONE_BULK = sessions.APPEND.replace(
    "VALUES (gen_random_uuid(), %s, %s, ",
    "SELECT gen_random_uuid(), stream, 1, ",
).replace(", '{}')", ", '{}' FROM unnest(%s::text[]) AS stream")


def bulk(*streams: str, expected: int = 0) -> list[store.Appended]:
    return store.append_many(
        [StreamAppend(stream, expected, [note()]) for stream in streams]
    )


def test_it_answers_in_the_order_of_streams():
    answers = bulk(Z, A, M)
    assert [each.stream for each in answers] == [A, M, Z]
    assert sorted(answers, key=lambda each: each.position) == answers


def test_it_leaves_out_just_the_stream_in_conflict(watcher):
    bulk(M)
    appends = [StreamAppend(each, 0, [note("1"), note("2")]) for each in (A, M, Z)]
    stored = store.append_many(appends)
    assert [(each.stream, each.version) for each in stored] == [
        (A, 1),
        (A, 2),
        (Z, 1),
        (Z, 2),
    ]
    assert store.version_of(M) == 1


def test_it_stores_nothing_when_a_rival_commits_one_of_the_streams(
    open_session, watcher
):
    writer = open_session()
    writer.append(M, 1)
    rival = Beside(lambda: bulk(A, M, Z))
    sessions.wait_for_lock(watcher, rival.pid)
    writer.commit()
    with pytest.raises(errors.ConcurrencyConflict):
        rival.result()
    assert [store.version_of(each) for each in (A, M, Z)] == [0, 1, 0]


def test_it_does_not_deadlock_with_a_bulk_in_the_opposite_order(open_session, watcher):
    """Both wait at M for a third writer; then each would want what the other has."""
    holder = open_session()
    holder.append(M, 1)
    one = Beside(lambda: bulk(A, M, Z))
    sessions.wait_for_lock(watcher, one.pid)
    other = Beside(lambda: bulk(Z, M, A))
    sessions.wait_for_lock(watcher, other.pid)
    holder.rollback()
    assert [each.stream for each in one.result()] == [A, M, Z]
    with pytest.raises(errors.ConcurrencyConflict) as lost:
        other.result()
    cause = lost.value.__cause__.__cause__
    assert isinstance(cause, psycopg.errors.UniqueViolation)


def test_it_would_deadlock_unsorted(open_session, watcher):
    holder, one, other = (open_session() for _ in range(3))
    holder.append(M, 1)
    with ThreadPoolExecutor(2) as threads:
        running = []
        for session, streams in ((one, [A, M, Z]), (other, [Z, M, A])):
            running.append(threads.submit(session.execute, ONE_BULK, [streams]))
            sessions.wait_for_lock(watcher, session.info.backend_pid)
        holder.rollback()
        ends = [each.exception(timeout=20) for each in running]
    assert [type(each) for each in ends if each] == [psycopg.errors.DeadlockDetected]
