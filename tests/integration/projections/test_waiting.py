"""Many requests that wait: few places, one look for all of them, no connection held."""

import threading
import time
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from django.db import connections

from cqrs_site import configuration
from eventstore.tokens import Token
from projections import checkpoints, consistency, errors, waiting
from tests import cleaning
from tests.integration.eventstore import sessions
from tests.integration.projections import accounts

PLACES = 4
LONG = 30  # seconds, which no test waits
OTHERS = """
SELECT count(*)
FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
END_OTHERS = """
SELECT count(pg_terminate_backend(pid))
FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


@pytest.fixture(autouse=True)
def few_places(database, settings, monkeypatch):
    monkeypatch.setattr(waiting, "IDLE_S", 0.1)
    settings.CQRS = configuration.load(
        str(settings.BASE_DIR / "cqrs.yaml"),
        environ={"CQRS__QUERY_SIDE__CONSISTENCY__MAX_WAITING": str(PLACES)},
    )
    yield
    sessions.wait_until(lambda: not any(map(is_lookout, threading.enumerate())))


@pytest.fixture
def watcher(database):
    """A session beside everybody else's, on the database of the read tables."""
    cleaning.close_connections()
    with sessions.opened() as open_session:
        yield open_session(cleaning.read_tables(), autocommit=True)


@pytest.fixture
def pool(database):
    with ThreadPoolExecutor(2 * PLACES) as pool:
        yield pool


def is_lookout(thread: threading.Thread) -> bool:
    return thread.name == "lookout"


def written() -> Token:
    """The token of a write that no projection has yet."""
    position = accounts.earn(5)
    return Token(
        epoch=accounts.epoch(), stream="account-1", version=2, position=position
    )


def wait(token: Token, seconds: float = LONG) -> int:
    try:
        return consistency.wait(accounts.NAME, token, seconds=seconds)
    finally:
        connections.close_all()


def all_waiting(pool: ThreadPoolExecutor, token: Token) -> list[Future[int]]:
    found = [pool.submit(wait, token) for _ in range(PLACES)]
    sessions.wait_until(lambda: len(waiting.LOOKOUT._waiting) == PLACES)
    return found


@pytest.fixture
def token(database) -> Token:
    accounts.open_account()
    accounts.follow()
    return written()


def test_it_wakes_all_who_wait_when_the_write_is_there(token, pool):
    found = all_waiting(pool, token)
    accounts.follow()
    assert [each.result(timeout=10) for each in found] == [token.position] * PLACES


def test_it_waits_as_long_as_asked(token):
    began = time.monotonic()
    with pytest.raises(errors.Behind) as behind:
        wait(token, 0.3)
    assert time.monotonic() - began >= 0.3
    assert behind.value.lag_events == 1


def test_it_tells_at_once_who_finds_no_place(token, pool):
    found = all_waiting(pool, token)
    for _ in range(3):
        with pytest.raises(errors.Behind):
            wait(token)
    assert not any(each.done() for each in found)
    accounts.follow()
    assert all(each.result(timeout=10) for each in found)
    # Their places are free again.
    again = all_waiting(pool, written())
    accounts.follow()
    assert all(each.result(timeout=10) for each in again)


def test_it_needs_no_place_for_what_is_there(token, pool):
    found = all_waiting(pool, token)
    earlier = Token(epoch=token.epoch, stream=token.stream, version=1, position=1)
    assert wait(earlier) == 1
    accounts.follow()
    assert all(each.result(timeout=10) for each in found)


def test_it_leaves_half_of_the_threads_to_others(settings):
    file = str(settings.BASE_DIR / "cqrs.yaml")
    for size, configured, bound in ((20, 15, 10), (20, 3, 3), (7, 10, 3), (1, 10, 1)):
        environ = {
            "CQRS__COMMAND_SIDE__EVENT_STORE__CONNECTION_POOL_SIZE": str(size),
            "CQRS__QUERY_SIDE__CONSISTENCY__MAX_WAITING": str(configured),
        }
        settings.CQRS = configuration.load(file, environ=environ)
        assert waiting.places() == bound


def test_it_holds_no_connection_of_those_who_wait(token, pool, watcher):
    before = watcher.value(OTHERS)
    found = all_waiting(pool, token)
    # That of the lookout.
    sessions.wait_until(lambda: watcher.value(OTHERS) == before + 1)
    accounts.follow()
    assert all(each.result(timeout=10) for each in found)


def test_it_looks_once_for_all_who_wait(token, pool, monkeypatch):
    looks: Counter[str] = Counter()
    for look in (checkpoints.live, checkpoints.live_of):

        def counted(*given, look=look):
            looks[look.__name__] += 1
            return look(*given)

        monkeypatch.setattr(checkpoints, look.__name__, counted)
    began = time.monotonic()
    found = all_waiting(pool, token)
    time.sleep(1)
    own, shared = looks["live"], looks["live_of"]
    interval = 0.1  # polling_interval_ms; six more looks are closer, for the youngest
    assert 5 <= shared <= (time.monotonic() - began) / interval + 6 * PLACES
    assert own == PLACES
    accounts.follow()
    assert all(each.result(timeout=10) for each in found)


def test_it_goes_on_when_its_connection_is_lost(token, pool, watcher):
    found = all_waiting(pool, token)
    sessions.wait_until(lambda: watcher.value(OTHERS) == 1)
    assert watcher.value(END_OTHERS) == 1
    accounts.follow()
    assert [each.result(timeout=10) for each in found] == [token.position] * PLACES


def test_it_ends_when_nobody_waits(token, watcher):
    with pytest.raises(errors.Behind):
        wait(token, 0.2)
    sessions.wait_until(lambda: not any(map(is_lookout, threading.enumerate())))
    cleaning.close_connections()
    sessions.wait_until(lambda: watcher.value(OTHERS) == 0)
