"""P1 through the faults of a server: crash, dump and restore, standby, silent writer.

The reader's checkpoint is in the test's memory, as if on another server.
"""

import os
import time
from signal import SIGKILL, SIGQUIT, SIGSTOP, Signals

import psycopg
import pytest

from eventstore import errors, settled, store
from tests.faults.servers_of_our_own import OwnServer, copied
from tests.integration.eventstore import readers, sessions
from tests.integration.eventstore.readers import Race

CHANGES = "UPDATE eventstore_event SET version = 9", "TRUNCATE eventstore_event"
SEQUENCE = "SELECT last_value FROM eventstore_event_position_seq"


@pytest.fixture
def open_session():
    with sessions.opened() as open_one:
        yield open_one


@pytest.mark.parametrize("signal", [SIGQUIT, SIGKILL], ids=lambda signal: signal.name)
def test_it_reads_every_event_after_a_crash(signal: Signals, server, open_session):
    """Positions that were drawn and never committed come again after the crash."""
    race = Race(readers.that_stores_settled, using=server.alias)
    writer = open_session(server.url)
    writer.append()
    writer.commit()
    race.poll()
    for _ in range(100):  # the sequence logs 32 ahead: these go far beyond
        writer.append()
    writer.rollback()
    drawn = writer.value(SEQUENCE)
    race.poll()
    assert race.ours.checkpoint == drawn - 100
    server.crash(signal)
    server.start()
    writer = open_session(server.url, autocommit=True)
    assert writer.value(SEQUENCE) < drawn, "the sequence did not fall back"
    for _ in range(3):
        writer.append()
    assert race.finish(writer)[-1] < drawn


def test_it_loses_no_committed_event_in_a_crash(server, open_session):
    writer = open_session(server.url, autocommit=True)
    acknowledged = [writer.append() for _ in range(20)]
    server.crash(SIGKILL)
    server.start()
    assert set(acknowledged) <= set(sessions.positions(open_session(server.url)))


def test_it_goes_on_in_a_server_that_was_restored_from_a_dump(
    server, servers_folder, tmp_path, open_session
):
    """There transaction ids start again: who reads by them waits for ever."""
    race = Race(readers.by_transaction, readers.naive, using=server.alias)
    source = open_session(server.url, autocommit=True)
    for _ in range(50):
        source.append()
    race.poll()
    open_append = open_session(server.url)
    open_append.append()  # not in the dump: it is a hole in the copy
    before = source.execute("SELECT * FROM eventstore_event ORDER BY 1").fetchall()
    target = OwnServer(servers_folder, "restored")
    try:
        copied(server, target, tmp_path)
        race.move(target.alias)
        watcher = open_session(target.url, autocommit=True)
        after = watcher.execute("SELECT * FROM eventstore_event ORDER BY 1").fetchall()
        assert after == before
        assert watcher.value(SEQUENCE) == source.value(SEQUENCE)
        assert settled.position(using=target.alias).open_appends == 0
        slow = open_session(target.url)
        slow.append()
        watcher.append()
        race.poll()
        slow.commit()
        assert len(race.finish(watcher)) == len(before) + 2
        for change in (
            "UPDATE eventstore_event SET version = 9",
            "TRUNCATE eventstore_event",
        ):
            with pytest.raises(
                psycopg.errors.InsufficientPrivilege, match="append-only"
            ):
                watcher.execute(change)
        assert "no issues" in target.manage("check", "--database", "default")
        target.manage("migrate", "--check")
    finally:
        target.stop()


def test_it_refuses_a_standby(server, open_session):
    """Its sequence is ahead of its events, and no lock of the primary shows there."""
    writer = open_session(server.url, autocommit=True)
    last = writer.append()
    with server.standby("standby") as url:
        with pytest.raises(errors.NotSettled, match="standby"):
            store.read_settled(after=0, limit=10, using="standby")
        reader = open_session(url, autocommit=True)
        sessions.wait_until(lambda: sessions.positions(reader)[-1] == last)
        open_session(server.url).append()  # open on the primary
        later = writer.append()
        sessions.wait_until(lambda: sessions.positions(reader)[-1] == later)
        assert reader.value(SEQUENCE) > later
        assert reader.value(sessions.FLOOR_LOCKS) == 0
        reader.close()


def test_it_ends_an_append_whose_client_fell_silent(server, open_session):
    """A host that vanished, here a stopped process, holds readers for ten seconds."""
    race = Race(readers.gapless, using=server.alias)
    watcher = open_session(server.url, autocommit=True)
    with sessions.writer_process(server.url) as (silent, _):
        os.kill(silent.pid, SIGSTOP)
        began = time.monotonic()
        later = watcher.append()
        race.poll()
        assert later not in race.ours.seen
        sessions.wait_until(
            lambda: settled.position(using=server.alias).settled == later, seconds=15
        )
        waited = time.monotonic() - began
        silent.kill()
    assert 8 < waited < 13
    race.finish(watcher)
