"""How the log stands, and what it says of an append that stays open."""

import pytest

from eventstore import log_standing, settled
from tests.integration.eventstore.test_settled_without_writer import (
    PREPARED,
    prepared,  # noqa: F401
)


def test_it_says_of_an_empty_log_that_nothing_waits(watcher):
    found = log_standing.now()
    assert (found.head, found.last, found.settled) == (0, 0, 0)
    assert (found.waiting_at_most, found.waiting_since) == (0, None)
    assert (found.waiting_seconds, found.oldest_open_append) == (0.0, None)


def test_it_says_of_a_settled_log_that_nothing_waits(watcher):
    watcher.append()
    watcher.append()
    found = log_standing.now()
    assert (found.head, found.last, found.settled) == (2, 2, 2)
    assert (found.waiting_at_most, found.waiting_since) == (0, None)


def test_it_names_the_append_that_stays_open_and_what_waits_behind_it(
    open_session, watcher
):
    watcher.append()
    slow = open_session()
    slow.execute("SET application_name = 'slow import'")
    slow.append()
    watcher.append()
    watcher.append()
    recorded = watcher.value(
        "SELECT recorded_at FROM eventstore_event WHERE position = 3"
    )
    found = log_standing.now()
    assert (found.head, found.last, found.settled) == (4, 4, 1)
    assert (found.open_appends, found.waiting_at_most) == (1, 3)
    assert found.waiting_since == recorded
    assert 0 < found.waiting_seconds < 60
    holds = found.oldest_open_append
    assert holds is not None
    assert (holds.pid, holds.application) == (slow.info.backend_pid, "slow import")


def test_it_has_nothing_that_waits_behind_the_newest_append(open_session, watcher):
    watcher.append()
    open_session().append()
    found = log_standing.now()
    assert (found.waiting_at_most, found.waiting_since) == (1, None)
    assert found.waiting_seconds == 0.0


def test_it_names_who_holds_readers_back_not_who_began_first(open_session, watcher):
    began_first, holds = open_session(), open_session()
    began_first.value("SELECT pg_current_xact_id()::text")
    watcher.append()
    holds.append()
    watcher.append()
    began_first.append()
    oldest = settled.oldest_open_append()
    assert oldest is not None
    assert oldest.pid == holds.info.backend_pid


@pytest.mark.usefixtures("prepared")
def test_it_names_a_prepared_transaction(watcher):
    watcher.append()
    found = log_standing.now()
    assert (found.open_appends, found.waiting_at_most) == (1, 2)
    holds = found.oldest_open_append
    assert holds is not None
    assert holds.pid is None
    assert PREPARED in holds.application
