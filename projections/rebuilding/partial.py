"""A rebuild from a time on: live rows are copied, and what is touched is folded anew.

Touched is a stream with an event that occurred at that time or later, wherever it
stands in the log: its own rows are dropped and folded from all of its events. Of shared
rows, those are computed anew that events since `Table.since(time)` add to; where a
table cannot tell since when, any event of the past may count, and all is folded.
"""

import copy
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from eventstore import touched
from eventstore.events import RecordedEvent
from eventstore.store import MAX_VERSION
from projections import (
    checkpoints,
    dead_letters,
    errors,
    failure,
    folding,
    operations,
    registry,
    row_sql,
    tables,
)
from projections.models import Checkpoint, DeadLetter, Operation
from projections.projection import Projection, Rows, keys_of
from projections.rebuilding import copying

USING = "read"
# Streams that are folded in one transaction.
STREAMS = 500
# Operations for which that took longer than a lease, by key: how many they fold then.
_slow: dict[int, int] = {}
FINISHED = "finished"


def begins_at(projection: Projection, at: datetime) -> datetime | None:
    """Since when events have to be folded anew for a rebuild from `at`; None: all."""
    if not projection.tables:
        return None
    begins = at
    for table in projection.shared_tables:
        if table.since is None:
            return None
        begins = min(begins, table.since(at))
    return begins


def is_due(operation: Operation) -> bool:
    """Whether the operation fills from a time on, and has not done so yet."""
    return "since" in operation.parameters and not operation.progress.get(FINISHED)


def step(operation: Operation) -> bool:
    """The copy, then some streams at a time, then shared rows that nothing touched."""
    projection = registry.get(operation.projection)
    if "position" not in operation.progress:
        return copying.copy(operation, projection)
    # Before the lease, whose session may not be idle while a long log is searched.
    after, streams = operation.progress.get("after", ""), _next(operation, projection)
    try:
        with operations.leased(operation) as ours:
            if not ours:
                return False
            operation.refresh_from_db()
            if operation.progress.get("after", "") != after:
                return True  # another worker has folded them
            if is_due(operation) and not operation.finished_at:
                _fold_some(operation, projection, streams)
    except Exception as error:
        if not failure.is_timeout(error) or len(streams) < 2:
            raise
        _slow[operation.pk] = len(streams) // 2
    return True


def _next(operation: Operation, projection: Projection) -> list[str]:
    return touched.streams_since(
        copying.since(operation),
        stream_type=projection.stream_type.name,
        up_to=operation.progress["position"],
        after=operation.progress.get("after", ""),
        limit=_slow.get(operation.pk, STREAMS),
    )


def _fold_some(
    operation: Operation, projection: Projection, streams: Sequence[str]
) -> None:
    if not streams:
        copying.complete_shared(projection)
        operations.note(operation, progress={**operation.progress, FINISHED: True})
        return
    _fold_anew(operation, projection, streams, copying.since(operation))
    folded = operation.progress.get("folded", 0) + len(streams)
    share = folded / max(operation.progress["streams"], folded)
    operations.note(
        operation,
        done=int(operation.progress["position"] * share),
        progress={**operation.progress, "after": streams[-1], "folded": folded},
    )


def _fold_anew(
    operation: Operation,
    projection: Projection,
    streams: Sequence[str],
    since: datetime,
) -> None:
    """Replaces what the shadow tables have of these streams; leases are held."""
    shadows = checkpoints.locked(projection.name, Checkpoint.Role.SHADOW)
    if not shadows or shadows[0].generation != operation.generation:
        raise errors.NotAllowedInState(f"the rebuild of {projection.name} has ended")
    events = [
        each
        for each in touched.read_streams(streams, up_to=operation.progress["position"])
        if projection.takes(each)
    ]
    letters = DeadLetter.objects.filter(
        projection=projection.name,
        generation=shadows[0].generation,
        stream__in=streams,
    )
    held = dict(letters.values_list("stream", "version"))
    stay = _staying(projection, events, held, since)
    letters.exclude(stream__in=stay).delete()
    events = [e for e in events if e.version < stay.get(e.stream, MAX_VERSION)]
    for table in projection.own_tables:
        keys = keys_of(table, events)
        row_sql.delete(table, keys, using=USING, schema=tables.SHADOW)
    skipped = dead_letters.skipped_events(projection.name, events)
    failures = _fold(
        _adding_since(projection, since),
        [each for each in events if each.event_id not in skipped],
    )
    _refuse_summed(projection, failures, held)
    dead_letters.park(shadows[0], failures)


def _staying(
    projection: Projection,
    events: Sequence[RecordedEvent],
    held: Mapping[str, int],
    since: datetime,
) -> dict[str, int]:
    """Those of the held streams that stay so, with the versions from which on.

    What such a stream did before that time is in none of the sums that are copied: it
    is added when the stream is tried again.
    """
    if not projection.shared_tables:
        return {}
    return {
        each.stream: held[each.stream]
        for each in events
        if each.version >= held.get(each.stream, MAX_VERSION)
        and each.occurred_at < since
    }


def _refuse_summed(
    projection: Projection,
    failures: Sequence[folding.Failed],
    held: Mapping[str, int],
) -> None:
    """Raises NotAllowedInState where live sums have what fails now: as they may be
    copied, it would be added twice when it is tried again.
    """
    for event in (each.event for each in failures if projection.shared_tables):
        if event.version < held.get(event.stream, MAX_VERSION):
            raise errors.NotAllowedInState(
                f"{event.stream} fails at version {event.version}, which is in sums of "
                f"{projection.name} that may be copied: rebuild all of them"
            )


def _fold(
    projection: Projection, events: Sequence[RecordedEvent]
) -> list[folding.Failed]:
    try:
        with transaction.atomic(using=USING):
            return folding.together(projection, events, schema=tables.SHADOW)
    except Exception as error:
        if not failure.is_of_event(error):
            raise
        return folding.bisected(projection, events, schema=tables.SHADOW)


def _adding_since(projection: Projection, since: datetime) -> Projection:
    """The projection, but what earlier events add to shared rows is left out: it is in
    rows that are copied.
    """
    fold = projection.fold

    def late(rows: Rows, event: RecordedEvent) -> None:
        if event.occurred_at >= since:
            fold(rows, event)
            return
        aside = rows.set_added_aside()
        fold(rows, event)
        rows.added = aside

    changed: Any = copy.copy(projection)
    changed.fold = late
    found: Projection = changed
    return found
