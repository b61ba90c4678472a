"""P1: open, slow and failed appends, as readers of the log meet them.

Every scenario is run by our reader and, at the same moments, by one that looks right;
that the other one loses, repeats or stalls proves that the scenario bites.
"""

import pytest
from django.db import connections, transaction

from eventstore import errors, settled, store
from tests.integration.eventstore import readers, sessions
from tests.integration.eventstore.readers import Race
from tests.integration.eventstore.sessions import FLOOR_LOCKS, WITHOUT_FLOOR


def test_it_waits_for_a_slow_commit(open_session, watcher):
    race = Race(readers.naive, readers.after_a_moment)
    slow = open_session()
    slow.append()
    watcher.append()
    watcher.execute("SELECT pg_sleep(0.06)")  # longer than the trusting reader waits
    race.poll()
    assert race.ours.seen == []
    slow.commit()
    assert race.finish(watcher) == [1, 2]


def test_it_goes_on_after_a_rollback(open_session, watcher):
    race = Race(readers.gapless)
    failing = open_session()
    failing.append()
    watcher.append()
    race.poll()
    failing.rollback()
    assert race.finish(watcher) == [2]


def test_it_waits_for_an_append_that_follows_a_rollback_to_savepoint(
    open_session, watcher
):
    race = Race(readers.naive)
    writer = open_session()
    writer.execute("SAVEPOINT before")
    writer.append()
    writer.execute("ROLLBACK TO before")
    assert writer.value(FLOOR_LOCKS) == 0
    writer.append()
    assert writer.value(FLOOR_LOCKS) == 1
    watcher.append()
    race.poll()
    writer.commit()
    assert race.finish(watcher) == [2, 3]


def test_it_would_lose_that_append_if_its_writer_remembered_the_lock(
    open_session, watcher
):
    """As above, with a writer that locks by itself, once a transaction."""
    watcher.execute(WITHOUT_FLOOR)
    writer = open_session()
    writer.execute("SAVEPOINT before")
    writer.execute("SELECT pg_advisory_xact_lock_shared(7::bigint << 48)")
    writer.append()
    writer.execute("ROLLBACK TO before")
    writer.append()
    watcher.append()
    follower = readers.Follower(readers.settled)
    follower.poll()
    writer.commit()
    follower.poll()
    assert follower.seen == [3]


def test_it_keeps_the_lock_of_an_append_before_the_savepoint(open_session, watcher):
    race = Race(readers.naive)
    writer = open_session()
    writer.append()
    writer.execute("SAVEPOINT before")
    writer.append()
    writer.execute("ROLLBACK TO before")
    watcher.append()
    race.poll()
    writer.commit()
    assert race.finish(watcher) == [1, 3]


def test_it_counts_appends_of_released_savepoints(open_session, watcher):
    race = Race(readers.naive)
    writer = open_session()
    writer.execute("SAVEPOINT nested")
    writer.append()
    writer.execute("RELEASE nested")
    watcher.append()
    race.poll()
    writer.commit()
    assert race.finish(watcher) == [1, 2]


def test_it_waits_for_the_first_event_ever(open_session, watcher):
    race = Race(readers.naive)
    first = open_session()
    first.append()
    assert settled.position() == settled.Settled(settled=0, last=1, open_appends=1)
    race.poll()
    watcher.append()
    race.poll()
    first.commit()
    assert race.finish(watcher) == [1, 2]


def test_it_would_settle_the_first_event_if_it_overlooked_is_called(open_session):
    """The floor as last_value alone: 1 on a fresh sequence, as after one event."""
    first = open_session()
    first.execute(
        """
        CREATE OR REPLACE FUNCTION eventstore_floor() RETURNS trigger
        LANGUAGE plpgsql AS $$ BEGIN
            PERFORM pg_advisory_xact_lock_shared((7::bigint << 48) | last_value)
            FROM eventstore_event_position_seq;
            RETURN NULL;
        END $$
        """
    )
    first.append()
    assert (
        settled.position().settled == 1
    )  # and the event is open; rolled back at the end


def test_it_reads_appends_of_a_transaction_that_wrote_elsewhere_before(
    open_session, watcher
):
    race = Race(readers.by_transaction)
    early = open_session()
    early.execute("UPDATE eventstore_log SET epoch = epoch")  # takes its id here
    watcher.append()
    race.poll()
    early.append()
    early.commit()
    assert race.finish(watcher) == [1, 2]


def test_it_is_not_held_by_an_unrelated_open_transaction(open_session, watcher):
    race = Race(readers.below_oldest_transaction)
    unrelated = open_session()
    unrelated.execute("UPDATE eventstore_log SET epoch = epoch")
    watcher.append()
    assert race.finish(watcher) == [1]


def test_it_is_held_only_up_to_the_oldest_open_append(open_session, watcher):
    watcher.append()
    slow, slower = open_session(), open_session()
    slow.append()
    watcher.append()
    slower.append()
    assert settled.position() == settled.Settled(settled=1, last=4, open_appends=2)
    slow.commit()
    assert settled.position() == settled.Settled(settled=3, last=4, open_appends=1)
    oldest = settled.oldest_open_append()
    assert oldest.pid == slower.info.backend_pid
    assert 0 <= oldest.age < 60


def test_it_repeats_nothing_when_the_settled_position_goes_back(open_session, watcher):
    race = Race(readers.that_stores_settled)
    for _ in range(3):
        watcher.append()
    race.poll()
    # A writer that read the sequence long ago and takes its lock only now.
    late = open_session()
    late.execute("SELECT pg_advisory_xact_lock_shared((7::bigint << 48) | 1)")
    assert settled.position().settled == 1
    race.poll()
    late.rollback()
    assert race.finish(watcher) == [1, 2, 3]


def test_it_finds_nothing_up_to_settled_in_the_same_statement(open_session, watcher):
    """Why the events are read in a later statement: a snapshot older than the proof."""
    gate, reader = open_session(autocommit=True), open_session(autocommit=True)
    gate.execute("SELECT pg_advisory_lock(1)")
    with reader.pipeline():
        found = reader.execute(
            """
            WITH gate AS MATERIALIZED (SELECT pg_advisory_lock_shared(1)),
                 now AS MATERIALIZED (SELECT settled FROM gate, eventstore_settled())
            SELECT settled, (SELECT count(*) FROM eventstore_event) FROM now
            """
        )
        sessions.wait_for_lock(watcher, reader.info.backend_pid)
        watcher.append()
        gate.execute("SELECT pg_advisory_unlock(1)")
    assert found.fetchone() == (1, 0)
    assert [each.position for each in store.read_settled(after=0, limit=9)] == [1]


def test_it_refuses_a_reader_with_an_old_snapshot(database, watcher):
    with transaction.atomic(), connections["default"].cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("SELECT 1")
        watcher.append()
        with pytest.raises(errors.NotSettled, match="READ COMMITTED"):
            store.read_settled(after=0, limit=9)
