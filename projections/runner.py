"""What a worker does: follow the log, and advance whatever is behind, round by round.

All projections of a round share one look at the settled position and, where they
stand side by side, one read of the log. A partition that another worker holds is
left to it.
"""

import bisect
import logging
import os
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import redis
from django.conf import settings
from django.db import DatabaseError, InterfaceError, close_old_connections

from eventstore import log, redis_client, settled, store, wakeup
from eventstore.events import RecordedEvent
from projections import (
    batch,
    checkpoints,
    dead_letters,
    errors,
    failure,
    leases,
    registry,
)
from projections.in_redis import refilling
from projections.models import Checkpoint
from projections.projection import Projection

logger = logging.getLogger(__name__)

# A worker's slot is given back after this, so that shutting down takes no longer and
# slots are shared. Seconds.
TENANCY_S = 2.0
# Without Redis nobody wakes us: look again after this long. Seconds.
BLIND_WAIT_S = 0.25
# The next look at the settled position after a round that moved: 300 looks a second
# would cost writers a fifth of their rate. Seconds.
SHORTEST_WAIT_S = 0.005
LONGEST_WAIT_S = 1.0

# Partitions whose batch outlived its lease, by key: how many events they take at once
# from then on, in this process. Each try in vain costs the time of a lease.
_slow: dict[int, int] = {}
# A process looks for held streams that are due this often. Seconds.
HELD_LOOK_S = 0.5
_looked_at = 0.0


@dataclass(slots=True)
class Round:
    """What a round did: partitions that moved, events folded, and what hindered it."""

    advanced: int = 0
    events: int = 0
    held_back: bool = False
    database_error: Exception | None = None


@dataclass(slots=True)
class Windows:
    """The stretches of the log that were read in this round."""

    up_to: int
    read: list[tuple[int, Sequence[RecordedEvent]]] = field(default_factory=list)

    def of(self, checkpoint: Checkpoint, limit: int) -> Sequence[RecordedEvent]:
        """The event at the checkpoint, if there is one, and the next ones after it."""
        for start, window in self.read:
            if part := _part(start, window, checkpoint.position, limit):
                return part
        window = store.read_settled_from(
            position=checkpoint.position, limit=limit + 1, up_to=self.up_to
        )
        self.read.append((checkpoint.position, window))
        return window


def run_round(*, worker: str) -> Round:
    """Advances every runnable partition that is behind by at most one batch."""
    done = Round()
    behind = checkpoints.runnable()
    if not behind:
        return done
    now = settled.position()
    done.held_back = now.settled < now.last
    epoch = log.identity().epoch
    windows = Windows(up_to=now.settled)
    if refilling.look(behind):
        behind = checkpoints.runnable()
    _retry_held(behind, done)
    for checkpoint in behind:
        # At or below: nothing new, as a settled position is not monotone. But a log
        # that never came as far as the checkpoint was restored: batch.py says so.
        restored = checkpoint.position > now.last or checkpoint.epoch != epoch
        if restored or now.settled > checkpoint.position:
            _advance(checkpoint, windows, epoch=epoch, worker=worker, done=done)
    return done


def follow(*, seconds: float = TENANCY_S) -> int:
    """Follows the log for some seconds; returns how many batches were stored."""
    worker = f"{socket.gethostname()}:{os.getpid()}"
    ends = time.monotonic() + seconds
    batches = 0
    held_rounds = 0
    told = False
    with redis_client.connect(timeout_s=LONGEST_WAIT_S + 1) as hints:
        while (left := ends - time.monotonic()) > 0:
            done = _guarded_round(worker)
            batches += done.advanced
            if done.database_error and not told:
                told = True  # once a tenancy, not once a round
                logger.warning("waiting for the database: %s", _line(done))
            held_rounds = held_rounds + 1 if done.held_back else 0
            _wait(hints, min(_pause(done, held_rounds), left))
    return batches


def _pause(done: Round, held_rounds: int) -> float:
    """Seconds until the next round, unless a hint comes before."""
    if done.advanced:
        # What was appended during the round may have hinted to a worker that found
        # us at work: look once more before waiting.
        return SHORTEST_WAIT_S
    if done.held_back:
        # An append is open. If it rolls back, no hint will tell.
        return min(SHORTEST_WAIT_S * (1 << min(held_rounds, 8)), LONGEST_WAIT_S)
    return LONGEST_WAIT_S


def _guarded_round(worker: str) -> Round:
    try:
        done = run_round(worker=worker)
        leases.sweep()
    except (DatabaseError, InterfaceError) as error:
        # The database is away: nothing is parked or lost, the next round tries again.
        done = Round(database_error=error)
    if done.database_error:
        close_old_connections()
        time.sleep(BLIND_WAIT_S)
    return done


def _line(done: Round) -> str:
    return str(done.database_error).strip().partition("\n")[0]


def _advance(
    checkpoint: Checkpoint, windows: Windows, *, epoch: int, worker: str, done: Round
) -> None:
    projection = registry.get(checkpoint.projection)
    size = settings.CQRS.query_side.projection(checkpoint.projection).batch_size
    began = time.perf_counter()
    window = windows.of(checkpoint, min(size, _slow.get(checkpoint.pk, size)))
    read_s = time.perf_counter() - began
    try:
        result = batch.advance(
            projection, checkpoint, window, epoch=epoch, worker=worker, read_s=read_s
        )
    except Exception as error:
        if failure.is_infrastructure(error):
            # Nothing is noted or parked; the other partitions get their turn.
            done.database_error = error
            return
        if failure.is_timeout(error) and _halve(checkpoint, window):
            return
        if isinstance(error, errors.RowsLost) and _refilled(projection):
            done.advanced += 1
            return
        failure.record(checkpoint, error)
        return
    if result.outcome in {batch.Outcome.ADVANCED, batch.Outcome.OVERTAKEN}:
        done.advanced += 1
        done.events += result.events


def _refilled(projection: Projection) -> bool:
    try:
        return refilling.refill(projection)
    except errors.RedisAway:
        return False  # it went away since: the next look finds what is lost


def _retry_held(followed: Sequence[Checkpoint], done: Round) -> None:
    """Tries held streams again whose time has come: outside the batches, so that
    their back-off stops nobody.
    """
    global _looked_at
    if time.monotonic() - _looked_at < HELD_LOOK_S:
        return
    _looked_at = time.monotonic()
    retry_due(followed, done)


def retry_due(followed: Sequence[Checkpoint], done: Round) -> None:
    """Tries those of their held streams again whose time has come."""
    for letter in dead_letters.due(followed):
        try:
            done.advanced += dead_letters.retry(letter.pk, wait=False)
        except errors.UnknownDeadLetter:
            continue  # another worker was faster
        except errors.RedisAway:
            continue  # it is not the event's fault: the next look tries again
        except Exception as error:
            if failure.is_infrastructure(error):
                done.database_error = error
            else:
                # Code that is broken for every event: others must not wait for it.
                dead_letters.postpone(letter.pk, error)


def _halve(checkpoint: Checkpoint, window: Sequence[RecordedEvent]) -> bool:
    """Makes the partition's next batches half as long; False for a single event."""
    events = len(window) - (1 if checkpoint.position else 0)
    if events > 1:
        _slow[checkpoint.pk] = events // 2
        logger.warning("%s: %s events at once take too long", checkpoint, events)
    return events > 1


def _part(
    start: int, window: Sequence[RecordedEvent], position: int, limit: int
) -> Sequence[RecordedEvent]:
    """The window from an event's position on, if it holds that event and more."""
    if position == start:
        return window[: limit + 1]
    place = bisect.bisect_left(window, position, key=lambda each: each.position)
    if place < len(window) - 1 and window[place].position == position:
        return window[place : place + limit + 1]
    return []


def _wait(hints: redis.Redis, seconds: float) -> None:
    try:
        wakeup.wait(hints, timeout_s=seconds)
    except redis.RedisError:
        time.sleep(min(seconds, BLIND_WAIT_S))
