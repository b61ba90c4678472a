"""One batch of one partition: rows and checkpoint change in one transaction (P2)."""

import enum
import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connections, transaction

from eventstore.events import RecordedEvent
from projections import errors, row_sql
from projections.models import Checkpoint
from projections.projection import Projection, Rows, keys_of

logger = logging.getLogger(__name__)

USING = "read"

# The row's lock is the lease. Whoever finds it taken leaves the partition to the
# holder; the time-out gives it back when the holder's host vanished in between. A lock
# of somebody else on a read table is waited for, but not for ever: others are served.
LEASE = """
SELECT position, event_id, epoch, state, version,
       set_config('idle_in_transaction_session_timeout', '10s', true),
       set_config('lock_timeout', '5s', true)
FROM projections_checkpoint
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
    outcome: Outcome
    events: int = 0


def advance(
    projection: Projection,
    checkpoint: Checkpoint,
    window: Sequence[RecordedEvent],
    *,
    epoch: int,
    worker: str,
) -> Result:
    """Folds a window of settled events into the projection's tables, exactly once.

    window: in position order, starting with the event at the checkpoint (which proves
    that log and rows belong together) when the checkpoint is not at 0.
    Raises LogDiverged, and whatever `fold` raises; nothing is changed then.
    """
    events = _new_events(checkpoint, window, epoch=epoch)
    if not events:
        return Result(outcome=Outcome.IDLE)
    with transaction.atomic(using=USING):
        leased = _lease(checkpoint)
        if leased is None:
            return Result(outcome=Outcome.BUSY)
        if leased != (checkpoint.position, checkpoint.event_id, checkpoint.epoch):
            return Result(outcome=Outcome.OVERTAKEN)
        mine = [each for each in events if _belongs(checkpoint, each)]
        taken = [each for each in mine if projection.takes(each)]
        _fold(projection, taken)
        _move(checkpoint, events, epoch=epoch, folded=len(taken), worker=worker)
    return Result(outcome=Outcome.ADVANCED, events=len(events))


def bucket(stream: str, partitions: int) -> int:
    """The partition of a stream: the same in every process and for ever."""
    if partitions == 1:
        return 0
    digest = hashlib.blake2b(stream.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % partitions


def _new_events(
    checkpoint: Checkpoint, window: Sequence[RecordedEvent], *, epoch: int
) -> Sequence[RecordedEvent]:
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
            f"{epoch}, has {first} there: its rows need a rebuild"
        )
    return window[1:]


def _lease(checkpoint: Checkpoint) -> tuple[int, UUID | None, int] | None:
    with connections[USING].cursor() as cursor:
        cursor.execute(LEASE, [checkpoint.pk])
        row = cursor.fetchone()
    if row is None:
        return None
    position, event_id, epoch, state, version, *_ = row
    if state != Checkpoint.State.RUNNING or version != checkpoint.version:
        return None
    return position, event_id, epoch


def _belongs(checkpoint: Checkpoint, event: RecordedEvent) -> bool:
    return bucket(event.stream, checkpoint.partitions) == checkpoint.partition


def _fold(projection: Projection, events: Sequence[RecordedEvent]) -> None:
    if not events:
        return
    rows = Rows()
    for table in projection.tables:
        rows.load(table, row_sql.load(table, keys_of(table, events), using=USING))
    for event in events:
        projection.fold(rows, event)
    for table in projection.tables:
        row_sql.write(table, rows.changed(table), using=USING)
        row_sql.delete(table, rows.deleted(table), using=USING)


def _move(
    checkpoint: Checkpoint,
    events: Sequence[RecordedEvent],
    *,
    epoch: int,
    folded: int,
    worker: str,
) -> None:
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
