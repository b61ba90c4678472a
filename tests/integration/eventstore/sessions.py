"""Database sessions beside the application's, whose transactions a test holds open."""

import contextlib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import uuid4

import psycopg

from tests import cleaning

COLUMNS = """(event_id, stream, version, type, schema_version, occurred_at, data,
    metadata)"""
APPEND = f"""
INSERT INTO eventstore_event {COLUMNS}
VALUES (gen_random_uuid(), %s, %s, 'NoteAdded', 1, now(), '{{"text": "a"}}', '{{}}')
RETURNING position
"""
FLOOR_LOCKS = """
SELECT count(*)
FROM pg_locks
WHERE locktype = 'advisory' AND classid::bigint >> 16 = 7 AND mode = 'ShareLock'
"""
BLOCKED = "SELECT cardinality(pg_blocking_pids(%s)) > 0"
# A program of its own: what tests/servers.py prepares when it is imported would be left
# behind by a process that is killed.
WRITER = """
import sys
import psycopg
session = psycopg.connect(sys.argv[1])
session.execute(sys.argv[2], ["order-killed", 1])
print(session.info.backend_pid, flush=True)
sys.stdin.read()
"""
# The setting by which the trigger knows that its transaction has the lock already.
NOTE = "cqrs.floor_published_by"
# A trigger that takes no lock, as if every writer had to think of it.
WITHOUT_FLOOR = "ALTER TABLE eventstore_event DISABLE TRIGGER eventstore_event_floor"


class Session(psycopg.Connection[tuple]):
    """A connection whose transaction begins with the first statement."""

    def append(self, stream: str | None = None, version: int = 1) -> int:
        """One event by a plain INSERT; its position."""
        return self.value(APPEND, [stream or new_stream(), version])

    def value(self, sql: str, parameters=()):
        return self.execute(sql, parameters).fetchone()[0]


Open = Callable[..., Session]


def new_stream() -> str:
    return f"order-{uuid4()}"


@contextmanager
def opened(default: str | None = None) -> Iterator[Open]:
    """Opens any number of sessions; at the end all are closed, open work undone.

    default: the URL of those that are opened without one, else the log's.
    """
    made: list[Session] = []

    def open_one(url: str | None = None, *, autocommit: bool = False) -> Session:
        session = Session.connect(
            url or default or cleaning.on_test_database(), autocommit=autocommit
        )
        made.append(session)
        return session

    try:
        yield open_one
    finally:
        for session in made:
            # Closing alone would leave the locks to the server for another moment.
            with contextlib.suppress(psycopg.OperationalError):
                session.rollback()
            session.close()


@contextmanager
def writer_process(url: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A process with one open append, and the pid of its backend."""
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, url, APPEND],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        yield process, int(process.stdout.readline())


def positions(session: Session) -> list[int]:
    """What is committed, in order."""
    found = session.execute("SELECT position FROM eventstore_event ORDER BY position")
    return [position for (position,) in found]


def wait_until(condition: Callable[[], object], *, seconds: float = 10) -> None:
    """Looks until it holds: for what another process does in its own time."""
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, "it did not come about"
        time.sleep(0.002)


def wait_for_lock(watcher: Session, pid: int) -> None:
    """Until the backend waits for a lock that somebody else holds."""
    wait_until(lambda: watcher.value(BLOCKED, [pid]))
