"""How long a lease lasts without its holder, and ending sessions that sit on one.

The lease is the lock on a checkpoint's row. Row locks show nowhere while nobody waits
for them, so whoever takes leases also holds a shared advisory lock, by which the sweep
finds it. Both end with the transaction, and so do the time-outs: it works behind a
pooler.

What the bounds add up to: a session in the middle of a statement waits for other
locks LOCK_S at most, is then idle for IDLE_S at most, and a follower looks every
second: 8 s. One to which the server is sending is noticed by TCP, or by `free_stuck`.
"""

import logging
import time
from dataclasses import dataclass

from django.db import connections

logger = logging.getLogger(__name__)

USING = "read"

# The upper 16 bits of the advisory lock's key, which ends with the checkpoint's id; 7
# is the log's, 9 that of operations.
LOCK_SPACE = 8
# A host that vanished is idle in transaction for ever, or never acknowledges what the
# server sends to it. Less than STUCK_S, so that a fold that takes too long learns of it
# as a time-out of its own, which halves its batch. Seconds.
IDLE_S = 4
UNACKNOWLEDGED_S = 4
# A lock of somebody else on a read table is waited for, but not for ever: other
# partitions are served meanwhile. Seconds.
LOCK_S = 3
# TCP does not notice a process that stands still without reading on some systems, and
# never on a local socket: then the sweep ends the session. Seconds.
STUCK_S = 5
# One look alone may meet a healthy session while it waits for the network.
LOOKS = 4
# A process looks this often. Seconds.
LOOK_S = 1.0

TIMEOUTS = f"""
    set_config('idle_in_transaction_session_timeout', '{IDLE_S}s', true),
    set_config('tcp_user_timeout', '{UNACKNOWLEDGED_S}s', true)"""
LOCK_TIMEOUT = f"set_config('lock_timeout', '{LOCK_S}s', true)"
# In a SELECT from projections_checkpoint c.
MARK = f"pg_advisory_xact_lock_shared(({LOCK_SPACE}::bigint << 48) | c.id)"

ANNOUNCE = f"""
SELECT {TIMEOUTS}, (
    SELECT count({MARK}) FROM projections_checkpoint c WHERE c.projection = %s
)
"""

# A session of another application may hold an advisory lock with such a key by chance,
# but then it has no lock on the checkpoints. Sessions of other roles show no state.
SUSPECTS = f"""
SELECT a.pid, a.query_start, a.state = 'active',
       extract(epoch FROM clock_timestamp() - a.state_change)::float
FROM pg_stat_activity a
WHERE a.datname = current_database()
  AND a.pid <> pg_backend_pid()
  AND (a.state LIKE 'idle in transaction%%' OR a.wait_event = 'ClientWrite')
  AND EXISTS (
      SELECT FROM pg_locks l
      WHERE l.pid = a.pid
        AND l.locktype = 'advisory'
        AND l.objsubid = 1
        AND l.classid::bigint >> 16 = {LOCK_SPACE}
  )
  AND EXISTS (
      SELECT FROM pg_locks l
      WHERE l.pid = a.pid AND l.relation = 'projections_checkpoint'::regclass
        AND l.mode = 'RowShareLock'
  )
"""
# Once more by what it did when it was judged: it may have gone on since.
END = """
SELECT pg_terminate_backend(pid)
FROM pg_stat_activity
WHERE pid = %s AND query_start = %s
"""


@dataclass(slots=True)
class _Sending:
    """A statement whose answer the server could not get rid of at any look so far."""

    since: float
    looks: int = 0


_sending: dict[tuple[int, object], _Sending] = {}
_looked_at = 0.0


def announce(projection: str) -> None:
    """Bounds the caller's transaction, which is about to take leases of a projection,
    and makes it visible.
    """
    with connections[USING].cursor() as cursor:
        cursor.execute(ANNOUNCE, [projection])


def sweep() -> None:
    """Looks for stuck holders, unless this process did so within the last second."""
    global _looked_at
    if time.monotonic() - _looked_at >= LOOK_S:
        _looked_at = time.monotonic()
        free_stuck()


def free_stuck() -> int:
    """Ends the sessions that hold leases and have stood still for STUCK_S; how many.

    Idle in transaction: as the server says. Sending: seen so at several looks in a row,
    because the server tells only that it waits to send, not for how long.
    """
    with connections[USING].cursor() as cursor:
        cursor.execute(SUSPECTS)
        found = cursor.fetchall()
        _remember({(pid, query) for pid, query, sends, _ in found if sends})
        stuck = [
            (pid, query)
            for pid, query, sends, idle_s in found
            if (_sends_for_long((pid, query)) if sends else idle_s > STUCK_S)
        ]
        for pid, query in stuck:
            logger.warning("ending session %s, which sits on a lease", pid)
            cursor.execute(END, [pid, query])
    return len(stuck)


def _remember(sending: set[tuple[int, object]]) -> None:
    for gone in _sending.keys() - sending:
        del _sending[gone]
    for each in sending:
        _sending.setdefault(each, _Sending(since=time.monotonic())).looks += 1


def _sends_for_long(session: tuple[int, object]) -> bool:
    seen = _sending[session]
    return seen.looks >= LOOKS and time.monotonic() - seen.since > STUCK_S
