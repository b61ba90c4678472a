"""Sessions that sit on a lease are ended by whoever looks; others are left alone."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connections, transaction

from projections import batch, checkpoints, dead_letters, leases, operations, runner
from projections.batch import Outcome
from tests import cleaning
from tests.integration.eventstore import sessions
from tests.integration.projections import accounts, rebuilds
from tests.integration.projections.accounts import NAME, Interrupted, earn, points

pytestmark = pytest.mark.usefixtures("database")

LOCK = "SELECT FROM projections_checkpoint WHERE projection = %s FOR UPDATE"
KEY = f"({leases.LOCK_SPACE}::bigint << 48) | 1"
# More than the buffers on both sides of a connection take.
MANY_ROWS = "SELECT repeat('x', 1000) FROM generate_series(1, 100000)"
SETTINGS = """
SELECT current_setting('idle_in_transaction_session_timeout'),
       current_setting('tcp_user_timeout')
"""


@pytest.fixture
def started(database: None):
    accounts.open_account()
    earn(10)
    return accounts.follow()


@pytest.fixture
def short(monkeypatch):
    """What is stuck for 200 ms is stuck."""
    monkeypatch.setattr(leases, "STUCK_S", 0.2)
    monkeypatch.setattr(leases, "LOOKS", 3)


@pytest.fixture
def open_session(database: None) -> Iterator[sessions.Open]:
    with sessions.opened(cleaning.read_tables()) as open_one:
        yield open_one


def hold(session: sessions.Session) -> None:
    """Takes the lease as a batch does, but without its time-outs."""
    session.execute(leases.ANNOUNCE, [NAME])
    session.execute(
        "SELECT set_config('idle_in_transaction_session_timeout', '0', true)"
    )
    session.execute(LOCK, [NAME])


@contextmanager
def unread(session: sessions.Session) -> Iterator[None]:
    """The server sends to it, and nobody reads."""
    session.pgconn.send_query(MANY_ROWS.encode())
    with sessions.opened(cleaning.read_tables()) as open_one:
        watcher = open_one(autocommit=True)
        sessions.wait_until(lambda: _waits_to_send(watcher, session))
    yield


def _waits_to_send(watcher: sessions.Session, session: sessions.Session) -> bool:
    return watcher.value(
        "SELECT count(*) FROM pg_stat_activity "
        "WHERE pid = %s AND wait_event = 'ClientWrite'",
        [session.info.backend_pid],
    )


def looked(*, seconds: float = 1.0) -> int:
    """How many sessions were ended by looks all the time."""
    ends, ended = time.monotonic() + seconds, 0
    while time.monotonic() < ends and not ended:
        ended = leases.free_stuck()
        time.sleep(0.02)
    return ended


def test_it_ends_a_holder_that_is_idle_in_its_transaction(started, short, open_session):
    earn(3)
    holder = open_session()
    hold(holder)
    assert batch_outcome(started) is Outcome.BUSY
    assert looked() == 1
    assert batch_outcome(accounts.checkpoint()) is Outcome.ADVANCED
    assert points() == 13


def test_it_ends_a_holder_that_does_not_read_what_it_asked_for(
    started, short, open_session
):
    earn(3)
    holder = open_session()
    hold(holder)
    with unread(holder):
        assert batch_outcome(started) is Outcome.BUSY
        assert looked() == 1
        sessions.wait_until(
            lambda: batch_outcome(accounts.checkpoint()) is Outcome.ADVANCED
        )
    assert points() == 13


def test_it_does_not_end_a_holder_that_was_seen_sending_just_once(
    started, short, open_session
):
    holder = open_session()
    hold(holder)
    with unread(holder):
        assert leases.free_stuck() == 0
        time.sleep(0.3)  # longer than it takes to be stuck, unless looked at
        assert leases.free_stuck() == 0


def test_it_does_not_end_a_holder_at_work(started, short, open_session):
    holder = open_session()
    hold(holder)
    holder.pgconn.send_query(b"SELECT pg_sleep(1.5)")
    assert looked() == 0


def test_it_does_not_end_a_holder_that_was_idle_for_a_moment(started, open_session):
    holder = open_session()
    hold(holder)
    assert looked(seconds=0.5) == 0


@pytest.mark.parametrize(
    "statements",
    [
        ["SELECT 1"],
        ["SELECT FROM projections_checkpoint FOR UPDATE"],
        [
            "SELECT FROM projections_checkpoint FOR UPDATE",
            "SELECT pg_advisory_xact_lock_shared(42)",
        ],
        [f"SELECT pg_advisory_xact_lock_shared({KEY})"],
        [f"SELECT pg_advisory_xact_lock_shared({KEY})", "SELECT FROM loyalty_balance"],
    ],
    ids=[
        "no lock",
        "rows",
        "rows and another key",
        "key by chance",
        "key by chance, other table",
    ],
)
def test_it_leaves_sessions_of_others_alone(started, short, open_session, statements):
    other = open_session()
    for each in statements:
        other.execute(each)
    assert looked(seconds=0.5) == 0
    assert other.value("SELECT 1") == 1


def test_it_is_looked_at_by_every_follower(started, short, open_session, monkeypatch):
    monkeypatch.setattr(leases, "LOOK_S", 0.0)
    hold(open_session())
    earn(3)
    ends = time.monotonic() + 5
    while points() != 13 and time.monotonic() < ends:
        runner.follow(seconds=0.3)
    assert points() == 13


def test_it_looks_once_a_second_at_most(started, monkeypatch):
    looks = []
    monkeypatch.setattr(leases, "free_stuck", lambda: looks.append(1))
    monkeypatch.setattr(leases, "_looked_at", 0.0)
    for _ in range(50):
        leases.sweep()
    assert looks == [1]


def taken_by_a_batch(read) -> object:
    earn(3)
    found = []
    batch.advance(
        Interrupted(3, lambda: found.append(read())),
        accounts.checkpoint(),
        accounts.window(accounts.checkpoint()),
        epoch=accounts.epoch(),
        worker="tests",
    )
    return found[0]


def taken_by_an_operator(read) -> object:
    with transaction.atomic(using="read"):
        checkpoints.locked(NAME)
        return read()


def taken_by_a_retry(read) -> object:
    with transaction.atomic(using="read"):
        letter = dead_letters.DeadLetter(
            projection=NAME, generation=1, stream="account-1"
        )
        assert dead_letters._leased(letter, wait=False)
        return read()


@pytest.mark.parametrize(
    "taken", [taken_by_a_batch, taken_by_an_operator, taken_by_a_retry]
)
def test_it_is_bounded_and_visible_whoever_takes_it(taken, started):
    def read() -> tuple:
        with connections["read"].cursor() as cursor:
            cursor.execute(SETTINGS)
            settings = cursor.fetchone()
            cursor.execute(
                "SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() "
                "AND locktype = 'advisory' AND classid::bigint >> 16 = 8 "
                "AND objid = %s",
                [started.pk],
            )
            return *settings, cursor.fetchone()[0]

    assert taken(read) == ("4s", "4000", 1)
    assert read() == ("0", "0", 0)


def test_it_does_not_outlive_the_host_that_works_on_an_operation(started):
    with operations.leased(rebuilds.begin()), connections["read"].cursor() as cursor:
        cursor.execute(SETTINGS)
        assert cursor.fetchone() == ("4s", "4000")


def batch_outcome(checkpoint) -> Outcome:
    return batch.advance(
        accounts.projection(),
        checkpoint,
        accounts.window(checkpoint),
        epoch=accounts.epoch(),
        worker="tests",
    ).outcome
