"""P1: appends whose writer is gone: prepared transactions, killed writers."""

from collections.abc import Iterator

import pytest

from eventstore import settled
from tests import cleaning
from tests.integration.eventstore import readers, sessions
from tests.integration.eventstore.readers import Race

PREPARED = "tests_prepared_append"


@pytest.fixture
def prepared(open_session, watcher) -> Iterator[None]:
    """An append of a session that prepared its commit and then went away."""
    if watcher.value("SHOW max_prepared_transactions") == "0":
        pytest.skip("this server has no prepared transactions")
    writer = open_session(autocommit=True)
    writer.execute("BEGIN")
    writer.append()
    writer.execute(f"PREPARE TRANSACTION '{PREPARED}'")
    writer.close()
    yield
    if watcher.value("SELECT count(*) FROM pg_prepared_xacts"):
        watcher.execute(f"ROLLBACK PREPARED '{PREPARED}'")


def test_it_waits_for_a_prepared_transaction(prepared, watcher):
    race = Race(readers.naive, readers.that_asks_sessions)
    watcher.append()
    race.poll()
    assert race.ours.seen == []
    watcher.execute(f"COMMIT PREPARED '{PREPARED}'")
    assert race.finish(watcher) == [1, 2]


def test_it_names_the_prepared_transaction_that_holds_readers(prepared, watcher):
    oldest = settled.oldest_open_append()
    assert oldest.pid is None
    assert PREPARED in oldest.application
    assert 0 <= oldest.age < 60


def test_it_goes_on_when_a_prepared_transaction_is_rolled_back(prepared, watcher):
    race = Race(readers.gapless)
    watcher.append()
    race.poll()
    watcher.execute(f"ROLLBACK PREPARED '{PREPARED}'")
    assert race.finish(watcher) == [2]


def test_it_goes_on_when_the_writer_is_terminated(open_session, watcher):
    race = Race(readers.gapless)
    writer = open_session()
    writer.append()
    watcher.append()
    race.poll()
    assert race.ours.seen == []
    pid = writer.info.backend_pid
    assert watcher.value("SELECT pg_terminate_backend(%s, 5000)", [pid])
    assert race.finish(watcher) == [2]


def test_it_goes_on_when_the_writers_process_is_killed(watcher):
    race = Race(readers.gapless)
    with sessions.writer_process(cleaning.on_test_database()) as (writer, pid):
        watcher.append()
        race.poll()
        assert race.ours.seen == []
        writer.kill()
    gone = "SELECT count(*) = 0 FROM pg_stat_activity WHERE pid = %s"
    sessions.wait_until(lambda: watcher.value(gone, [pid]))
    assert race.finish(watcher) == [2]


def test_it_limits_how_long_a_silent_writer_can_hold_readers(open_session):
    """Ten seconds, set by the append itself; a vanished host is so noticed."""
    writer = open_session()
    assert writer.value("SHOW idle_in_transaction_session_timeout") == "0"
    writer.append()
    assert writer.value("SHOW idle_in_transaction_session_timeout") == "10s"
    writer.rollback()
    assert writer.value("SHOW idle_in_transaction_session_timeout") == "0"
