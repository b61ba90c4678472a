"""Readers of the log: ours, and the ones that look right and are not.

A reader takes its checkpoint and returns the positions it sees and its next
checkpoint.
"""

from collections.abc import Callable, Sequence

from django.db import connections

from eventstore import store
from tests.integration.eventstore.sessions import Session, positions

Read = Callable[[int, str], tuple[list[int], int]]

AFTER_POSITION = """
SELECT position, position FROM eventstore_event WHERE position > %s ORDER BY position
"""
AFTER_TRANSACTION = """
SELECT position, xmin::text::bigint
FROM eventstore_event
WHERE xmin::text::bigint > %s
ORDER BY xmin::text::bigint, position
"""
BELOW_OLDEST_TRANSACTION = """
SELECT position, position
FROM eventstore_event
WHERE position > %s
  AND xmin::text::bigint < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
ORDER BY position
"""
OLDER_THAN_A_MOMENT = """
SELECT position, position
FROM eventstore_event
WHERE position > %s AND recorded_at < clock_timestamp() - interval '50 ms'
ORDER BY position
"""
SETTLED_WITH_SESSIONS = """
SELECT coalesce(
    (SELECT min(((l.classid::bigint & 65535) << 32) | l.objid::bigint)
     FROM pg_locks l
     JOIN pg_stat_activity a ON a.pid = l.pid
     WHERE l.locktype = 'advisory' AND l.classid::bigint >> 16 = 7),
    (SELECT last FROM eventstore_settled())
)
"""


def settled(checkpoint: int, using: str) -> tuple[list[int], int]:
    """Ours."""
    found = store.read_settled(after=checkpoint, limit=1000, using=using)
    seen = [each.position for each in found]
    return seen, seen[-1] if seen else checkpoint


def naive(checkpoint: int, using: str) -> tuple[list[int], int]:
    """Whatever is visible after the checkpoint."""
    return _read(AFTER_POSITION, checkpoint, using)


def gapless(checkpoint: int, using: str) -> tuple[list[int], int]:
    """Waits at every gap, as if each position came in the end."""
    found, _ = naive(checkpoint, using)
    wanted = range(checkpoint + 1, checkpoint + 1 + len(found))
    seen = [at for at, want in zip(found, wanted, strict=True) if at == want]
    return seen, seen[-1] if seen else checkpoint


def by_transaction(checkpoint: int, using: str) -> tuple[list[int], int]:
    """In the order of transaction ids, which are given at the first write."""
    return _read(AFTER_TRANSACTION, checkpoint, using)


def below_oldest_transaction(checkpoint: int, using: str) -> tuple[list[int], int]:
    """Waits for every older transaction, whatever that one does."""
    return _read(BELOW_OLDEST_TRANSACTION, checkpoint, using)


def after_a_moment(checkpoint: int, using: str) -> tuple[list[int], int]:
    """Trusts that an append takes no longer than a time-out."""
    return _read(OLDER_THAN_A_MOMENT, checkpoint, using)


def that_stores_settled(checkpoint: int, using: str) -> tuple[list[int], int]:
    """Ours, but for its checkpoint: the settled position instead of an event's."""
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT settled FROM eventstore_settled()")
        (up_to,) = cursor.fetchone()
    found = store.read_settled(after=checkpoint, limit=1000, up_to=up_to, using=using)
    return [each.position for each in found], up_to


def that_asks_sessions(checkpoint: int, using: str) -> tuple[list[int], int]:
    """Ours, but looks for the sessions of open appends; prepared ones have none."""
    with connections[using].cursor() as cursor:
        cursor.execute(SETTLED_WITH_SESSIONS)
        (up_to,) = cursor.fetchone()
    found = store.read_settled(after=checkpoint, limit=1000, up_to=up_to, using=using)
    seen = [each.position for each in found]
    return seen, seen[-1] if seen else checkpoint


class Follower:
    """A reader on its way through the log."""

    def __init__(self, read: Read, *, using: str = "default") -> None:
        self._read = read
        self.using = using
        self.checkpoint = 0
        self.seen: list[int] = []

    def poll(self) -> None:
        found, self.checkpoint = self._read(self.checkpoint, self.using)
        self.seen += found


class Race:
    """Our reader and broken ones in one scenario: all look at the same moments."""

    def __init__(self, *broken: Read, using: str = "default") -> None:
        self.ours = Follower(settled, using=using)
        self.broken = {each.__name__: Follower(each, using=using) for each in broken}

    def poll(self) -> None:
        for follower in (self.ours, *self.broken.values()):
            follower.poll()

    def move(self, using: str) -> None:
        """Goes on with another database, at the checkpoints that were reached."""
        for follower in (self.ours, *self.broken.values()):
            follower.using = using

    def finish(self, session: Session) -> Sequence[int]:
        """Ours saw every event once, in order; every broken one did not."""
        self.poll()
        committed = positions(session)
        assert self.ours.seen == committed
        for name, follower in self.broken.items():
            assert follower.seen != committed, f"the scenario does not bite {name}"
        return committed


def _read(sql: str, checkpoint: int, using: str) -> tuple[list[int], int]:
    with connections[using].cursor() as cursor:
        cursor.execute(sql, [checkpoint])
        rows = cursor.fetchall()
    return [position for position, _ in rows], rows[-1][1] if rows else checkpoint
