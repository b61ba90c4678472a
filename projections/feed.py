"""The feed of settled events for other systems, and waiting for the next one.

Who waits holds a thread of its web process, so there are places for few. It holds no
connection, and does not look by itself: while anybody waits, one thread of the process
looks at the log for all of them.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.conf import settings
from django.db import connections

from eventstore import settled, store
from eventstore.events import RecordedEvent
from projections import errors

# Of the threads of a process, this share may wait.
SHARE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Events after a position, at most `limit`; of one type or stream, if named."""

    after: int
    limit: int
    type: str | None = None
    stream: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """stands: where to go on when all events there are were found."""

    events: list[RecordedEvent]
    stands: int


@dataclass(slots=True)
class _Waiting:
    asked: Asked
    ended: threading.Event = field(default_factory=threading.Event)
    looked_to: int = -1
    found: Found | None = None
    error: Exception | None = None


_lock = threading.Lock()
_waiting: list[_Waiting] = []
_watching = False


def read(asked: Asked) -> Found:
    """What there is now."""
    return _read(asked, settled.position().settled)


def wait(asked: Asked, *, seconds: float) -> Found:
    """What there is as soon as there is anything, or nothing after so many seconds.

    Raises TooManyWaiting, and the fault that the log was met with.
    """
    with _place(asked) as own:
        # For all the time that follows the thread needs none.
        connections.close_all()
        own.ended.wait(seconds)
    if own.error is not None:
        raise own.error
    return own.found or read(asked)


def places() -> int:
    """How many may wait in this process."""
    threads = settings.CQRS.command_side.event_store.connection_pool_size
    return max(threads // SHARE, 1)


def _read(asked: Asked, up_to: int) -> Found:
    events = store.read_settled(
        after=asked.after,
        limit=asked.limit,
        types=[asked.type] if asked.type else None,
        stream=asked.stream,
        up_to=up_to,
    )
    newest = store.newest_settled(up_to=up_to)
    # The settled position may go back a little; who reads on must not.
    stands = max(newest.position if newest else 0, min(asked.after, store.head()))
    return Found(events=events, stands=stands)


@contextmanager
def _place(asked: Asked) -> Iterator[_Waiting]:
    global _watching
    own = _Waiting(asked)
    with _lock:
        if len(_waiting) >= places():
            raise errors.TooManyWaiting(places=places())
        _waiting.append(own)
        if not _watching:
            _watching = True
            threading.Thread(target=_watch, name="feed", daemon=True).start()
    try:
        yield own
    finally:
        with _lock:
            _waiting.remove(own)


def _watch() -> None:
    """Looks for all that wait, until nobody does."""
    global _watching
    pause = settings.CQRS.query_side.consistency.polling_interval_ms / 1000
    try:
        while True:
            with _lock:
                now = [each for each in _waiting if not each.ended.is_set()]
                if not _waiting:
                    _watching = False
                    return
            _look(now)
            time.sleep(pause)
    finally:
        connections.close_all()


def _look(waiting: list[_Waiting]) -> None:
    """Serves those for whom there is something."""
    try:
        up_to = settled.position().settled
        for each in waiting:
            if up_to > each.looked_to:
                found = _read(each.asked, up_to)
                each.looked_to = up_to
                if found.events:
                    each.found = found
                    each.ended.set()
    except Exception as error:
        # Whoever waits is told; the thread goes on for those that come.
        for each in waiting:
            each.error = error
            each.ended.set()
        connections.close_all()
