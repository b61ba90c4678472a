"""Requests that wait for a checkpoint: few places, and one look for all of them.

A waiting request holds a thread of its web process, though no connection. So a process
has a bounded number of places to wait; whoever comes beyond them is told so at once,
and the other threads go on serving. One thread a process looks at the checkpoints for
all who wait, as often as the youngest of them needs.
"""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.conf import settings
from django.db import Error, connections

from projections import checkpoints, partitions
from projections.models import Checkpoint

logger = logging.getLogger(__name__)

# Between looks: most writes are visible within a few milliseconds, so the first looks
# are close; seconds.
FIRST_LOOK_S = 0.002
# Who waits longer gives its connections back: to open others costs some 5 ms.
CONNECTED_S = 0.05
# A lookout without anybody who waits ends, and its connection with it; seconds.
IDLE_S = 5


class NoPlace(Exception):
    """All places to wait in this process are taken."""


@dataclass(eq=False, slots=True)
class _Waiter:
    name: str
    stream: str | None
    position: int
    since: float
    arrived: threading.Event = field(default_factory=threading.Event)


def standing(found: list[Checkpoint], stream: str | None) -> int:
    """The position of a generation: of the stream's partition, or the lowest one."""
    if stream is not None and found:
        partition = partitions.bucket(stream, found[0].partitions)
        return found[partition].position
    return min((each.position for each in found), default=0)


def places() -> int:
    """How many may wait at once: as configured, but at most half of the threads."""
    threads = settings.CQRS.command_side.event_store.connection_pool_size
    configured = settings.CQRS.query_side.consistency.max_waiting
    return min(configured, max(1, threads // 2))


class Lookout:
    """Looks at the checkpoints for everybody in this process who waits for them."""

    def __init__(self) -> None:
        self._taken = 0
        self._waiting: set[_Waiter] = set()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._looked = 0.0

    @contextmanager
    def place(self) -> Iterator[None]:
        """Takes one of the places to wait. Raises NoPlace."""
        with self._changed:
            if self._taken >= places():
                raise NoPlace
            self._taken += 1
        try:
            yield
        finally:
            with self._changed:
                self._taken -= 1

    def wait(
        self,
        name: str,
        position: int,
        *,
        stream: str | None,
        since: float,
        until: float,
    ) -> None:
        """Returns when the projection has arrived there, or when the time is over.

        since, until: of the whole waiting, by time.monotonic(). It may return early:
        the caller looks as well, on its own connection, where it is going to read.
        """
        waiter = _Waiter(name, stream, position, since)
        with self._changed:
            self._waiting.add(waiter)
            self._start()
            self._changed.notify()
        try:
            connected = min(until, since + CONNECTED_S)
            if not waiter.arrived.wait(_left(connected)):
                _close_connections()
                waiter.arrived.wait(_left(until))
        finally:
            with self._changed:
                self._waiting.discard(waiter)

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(
                target=self._look_out, name="lookout", daemon=True
            )
            self._thread.start()

    def _look_out(self) -> None:
        try:
            while self._is_due():
                self._look()
        except BaseException:
            self._end()
            raise
        finally:
            connections.close_all()

    def _is_due(self) -> bool:
        """Waits for the next look; False when nobody has waited for long."""
        with self._changed:
            if not self._waiting and not self._changed.wait(IDLE_S):
                self._thread = None
                return False
            while self._waiting:
                left = self._next_look() - time.monotonic()
                if left <= 0:
                    break
                self._changed.wait(left)
            self._looked = time.monotonic()
            return True

    def _next_look(self) -> float:
        """The pauses of the youngest double, up to the configured interval."""
        longest = settings.CQRS.query_side.consistency.polling_interval_ms / 1000
        youngest = max(each.since for each in self._waiting)
        pause = min(max(self._looked - youngest, FIRST_LOOK_S), longest)
        return max(self._looked, youngest) + pause

    def _look(self) -> None:
        with self._changed:
            waiting = list(self._waiting)
        try:
            found = checkpoints.live_of({each.name for each in waiting})
        except Error as error:
            # They look by themselves, and answer what they meet.
            logger.warning("no look at the checkpoints: %s", error)
            connections.close_all()
            for each in waiting:
                each.arrived.set()
            return
        for each in waiting:
            if standing(found.get(each.name, []), each.stream) >= each.position:
                each.arrived.set()

    def _end(self) -> None:
        with self._changed:
            self._thread = None
            for each in self._waiting:
                each.arrived.set()


LOOKOUT = Lookout()  # of this process


def _left(until: float) -> float:
    return max(0.0, until - time.monotonic())


def _close_connections() -> None:
    """This thread's, so that as many as wait are free for others."""
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close()
