"""One batch of one partition: rows and checkpoint change in one transaction (P2)."""

import enum
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol
from uuid import UUID

from django.db import connections, transaction

from eventstore import store
from eventstore.events import RecordedEvent
from projections import (
    applying,
    copies,
    dead_letters,
    erasing,
    errors,
    failure,
    leases,
    timings,
)
from projections.folding import Failed
from projections.models import Checkpoint
from projections.partitions import bucket
from projections.projection import Projection
from projections.subscriber import Subscriber

logger = logging.getLogger(__name__)

USING = "read"

# The row's lock is the lease. Whoever finds it taken leaves the partition to the
# holder; the time-outs give it back when the holder's host vanished in between.
LEASE = f"""
SELECT position, event_id, epoch, role, state, cache_epoch,
       EXISTS (
           SELECT 1 FROM projections_deadletter d
           WHERE d.projection = c.projection AND d.generation = c.generation
       ),
       EXISTS (
           SELECT 1 FROM projections_skippedevent s WHERE s.projection = c.projection
       ),
       {leases.MARK}, {leases.LOCK_TIMEOUT}, {leases.TIMEOUTS}
FROM projections_checkpoint c
WHERE id = %s
FOR UPDATE SKIP LOCKED
"""

# Compare-and-set, forward only: a stale or second worker changes nothing.
ADVANCE = """
UPDATE projections_checkpoint
SET position = %(new)s,
    event_id = %(event_id)s,
    epoch = %(epoch)s,
    events_folded = events_folded + %(folded)s,
    rate = 0.7 * rate + 0.3 * %(passed)s
        / greatest(extract(epoch FROM clock_timestamp() - advanced_at), 0.001),
    advanced_at = clock_timestamp(),
    worker = %(worker)s,
    failures = 0,
    failure = NULL,
    next_attempt_at = NULL
WHERE id = %(id)s AND position = %(old)s AND position < %(new)s
"""


# Events that are read at once while the caller holds leases.
RUN_TO_EVENTS = 1_000


class Apply(Protocol):
    """As applying.together."""

    def __call__(
        self,
        projection: Projection,
        checkpoint: Checkpoint,
        events: Sequence[RecordedEvent],
        /,
        *,
        position: int | None,
    ) -> list[Failed]: ...


class Outcome(enum.Enum):
    """ADVANCED: the checkpoint moved. OVERTAKEN: somebody else moved it meanwhile.
    BUSY: another worker holds the lease. IDLE: there was nothing to do.
    """

    ADVANCED = "advanced"
    OVERTAKEN = "overtaken"
    BUSY = "busy"
    IDLE = "idle"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """events: that were passed; taken: of these, what was folded."""

    outcome: Outcome
    events: int = 0
    taken: int = 0
    parked: int = 0


def advance(
    projection: Projection,
    checkpoint: Checkpoint,
    window: Sequence[RecordedEvent],
    *,
    epoch: int,
    worker: str,
    read_s: float = 0.0,
) -> Result:
    """Folds a window of settled events into the projection's tables, exactly once.

    window: in position order, starting with the event at the checkpoint (which proves
    that log and rows belong together) when the checkpoint is not at 0.
    A stream whose event fails is parked there; the others go on.
    read_s: what reading the window took, for the record that timings.py keeps.
    Raises LogDiverged, and faults that are no event's; nothing is changed then.
    """
    events = new_events(checkpoint, window, epoch=epoch)
    if not events:
        return Result(outcome=Outcome.IDLE)
    fold = partial(
        _fold_leased, projection, checkpoint, events, epoch=epoch, worker=worker
    )
    with timings.timed(read_s=read_s) as timing:
        try:
            result = fold(applying.together)
        except Exception as error:
            if not failure.is_of_event(error):
                raise
            result = fold(applying.bisected)
        if result.outcome is Outcome.ADVANCED and worker:
            timing.keep(
                checkpoint,
                events=result.events,
                taken=result.taken,
                parked=result.parked,
                position=events[-1].position,
                worker=worker,
            )
        return result


def run_to(
    projection: Projection, checkpoint: Checkpoint, position: int, *, epoch: int
) -> None:
    """Folds up to an event's position exactly, while the caller holds the lease.

    The caller's transaction, in which the checkpoint was locked and read, also has
    whatever needs generations or partitions to stand at one position. The log is read
    meanwhile, so the distance should be short.
    Raises as `advance`; the checkpoint has the new position afterwards.
    """
    while checkpoint.position < position:
        window = store.read_settled_from(
            position=checkpoint.position, limit=RUN_TO_EVENTS, up_to=position
        )
        result = advance(projection, checkpoint, window, epoch=epoch, worker="")
        if result.outcome is not Outcome.ADVANCED:
            raise AssertionError(f"{checkpoint} {result.outcome} under its lease")
        checkpoint.refresh_from_db(using=USING)


def _fold_leased(
    projection: Projection,
    checkpoint: Checkpoint,
    events: Sequence[RecordedEvent],
    apply: Apply,
    *,
    epoch: int,
    worker: str,
) -> Result:
    with transaction.atomic(using=USING):
        leased = lease(checkpoint)
        if leased is None:
            return Result(outcome=Outcome.BUSY)
        if leased.at != standing(checkpoint):
            return Result(outcome=Outcome.OVERTAKEN)
        taken = to_take(projection, checkpoint, events, leased)
        failures = apply(projection, checkpoint, taken, position=events[-1].position)
        dead_letters.park(checkpoint, failures)
        move(checkpoint, events, epoch=epoch, folded=len(taken), worker=worker)
        checkpoint.cache_epoch = leased.cache_epoch
        touched = {each.stream for each in taken}
        touched |= erasing.follow(projection, checkpoint, events)
        copies.follow(projection, checkpoint, touched, position=events[-1].position)
    return Result(
        outcome=Outcome.ADVANCED,
        events=len(events),
        taken=len(taken),
        parked=len(failures),
    )


def standing(checkpoint: Checkpoint) -> tuple[int, UUID | None, int, str]:
    """What `Leased.at` has to be, or somebody moved the checkpoint meanwhile."""
    # The role too: after a swap the same position is that of other tables.
    return (
        checkpoint.position,
        checkpoint.event_id,
        checkpoint.epoch,
        checkpoint.role,
    )


def new_events(
    checkpoint: Checkpoint,
    window: Sequence[RecordedEvent],
    *,
    epoch: int,
    remedy: str = "its rows need a rebuild",
) -> Sequence[RecordedEvent]:
    """The window's events behind the checkpoint.

    Raises LogDiverged, which names the remedy, when the event there is another.
    """
    if checkpoint.position == 0:
        return window
    first: UUID | None = window[0].event_id if window else None
    if (
        not window
        or window[0].position != checkpoint.position
        or first != checkpoint.event_id
        or checkpoint.epoch != epoch
    ):
        raise errors.LogDiverged(
            f"{checkpoint.projection} stands at event {checkpoint.event_id} of epoch "
            f"{checkpoint.epoch} at position {checkpoint.position}; the log, in epoch "
            f"{epoch}, has {first} there: {remedy}"
        )
    return window[1:]


@dataclass(frozen=True, slots=True)
class Leased:
    at: tuple[int, UUID | None, int, str]  # position, event id, epoch, role
    holds_streams: bool
    skips_events: bool
    cache_epoch: int


def lease(checkpoint: Checkpoint) -> Leased | None:
    """Takes the lease for the transaction; None when another worker has it, or when
    the checkpoint's state is not what it was when it was read.
    """
    with connections[USING].cursor() as cursor:
        cursor.execute(LEASE, [checkpoint.pk])
        row = cursor.fetchone()
    if row is None:
        return None
    position, event_id, epoch, role, state, cache_epoch, holds, skips, *_ = row
    if state != checkpoint.state:
        return None  # paused, or no longer filled, since it was read
    return Leased((position, event_id, epoch, role), holds, skips, cache_epoch)


def to_take(
    subscriber: Subscriber,
    checkpoint: Checkpoint,
    events: Sequence[RecordedEvent],
    leased: Leased,
) -> list[RecordedEvent]:
    """The events to fold: of this partition, of types it reads, not held or skipped."""
    taken = [
        each for each in events if _belongs(checkpoint, each) and subscriber.takes(each)
    ]
    if leased.holds_streams:
        streams = list({each.stream for each in taken})
        held = dead_letters.held_streams(checkpoint, streams)
        taken = [each for each in taken if each.stream not in held]
    if leased.skips_events:
        skipped = dead_letters.skipped_events(subscriber.name, taken)
        taken = [each for each in taken if each.event_id not in skipped]
    return taken


def _belongs(checkpoint: Checkpoint, event: RecordedEvent) -> bool:
    return bucket(event.stream, checkpoint.partitions) == checkpoint.partition


def move(
    checkpoint: Checkpoint,
    events: Sequence[RecordedEvent],
    *,
    epoch: int,
    folded: int,
    worker: str,
) -> None:
    """Moves the checkpoint behind the events, with the lease in hand."""
    with connections[USING].cursor() as cursor:
        cursor.execute(
            ADVANCE,
            {
                "id": checkpoint.pk,
                "old": checkpoint.position,
                "new": events[-1].position,
                "event_id": events[-1].event_id,
                "passed": len(events),
                "epoch": epoch,
                "folded": folded,
                "worker": worker,
            },
        )
        if cursor.rowcount != 1:  # the lock is held, so this cannot be: tell, loudly
            raise AssertionError(f"{checkpoint} was moved under its lease")
