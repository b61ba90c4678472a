"""Rows as they are, and the events that made them, both as of one moment.

In a snapshot: it hinders nobody, but may see the tables of one generation and the
position of another. Under the lease: nobody moves, parks, frees or swaps meanwhile, so
what is seen there is so. A lease is held for the time of some short statements.
"""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connections, transaction

from eventstore import log, touched
from eventstore.events import RecordedEvent
from projections import checkpoints, partitions, row_sql
from projections.models import Checkpoint, DeadLetter, SkippedEvent
from projections.projection import Projection, Table, keys_of
from projections.row_sql import Texts
from projections.verifying.sampling import Sampled

USING = "read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A stream: the events that its rows are to have, and the rows.

    skipped: ids of those of the events that are to be passed over.
    """

    sampled: Sampled
    generation: int
    position: int
    events: Sequence[RecordedEvent]
    skipped: frozenset[UUID]
    stored: Mapping[Table[Any], Texts]


@contextmanager
def in_snapshot(projection: Projection) -> Iterator[list[Checkpoint]]:
    """The live partitions, and what else the block reads, as of one moment."""
    with transaction.atomic(using=USING):
        with connections[USING].cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield checkpoints.live(projection.name)


@contextmanager
def under_lease(projection: Projection) -> Iterator[list[Checkpoint]]:
    """The live partitions, which nobody moves or replaces until the block ends."""
    with transaction.atomic(using=USING):
        yield checkpoints.locked(projection.name, Checkpoint.Role.LIVE)


def can_be_compared(projection: Projection, live: Sequence[Checkpoint]) -> bool:
    """Whether this code and this log are those that the rows were made with.

    A paused partition's rows are those of its position, as a running one's are.
    """
    epoch = log.identity().epoch
    return bool(projection.own_tables and live) and all(
        each.version == projection.version
        and each.epoch == epoch
        and each.state != Checkpoint.State.FAULTED
        for each in live
    )


def look(
    projection: Projection, live: Sequence[Checkpoint], wanted: Sequence[Sampled]
) -> list[Look]:
    """A look at each of the streams, in the transaction that has the partitions."""
    names = [each.stream for each in wanted]
    events = _events(projection, names, max(each.position for each in live))
    held = _held(live[0], names)
    skipped = _skipped(projection.name, names)
    looks = []
    for sampled in wanted:
        position = _partition(sampled.stream, live).position
        own = [each for each in events[sampled.stream] if each.position <= position]
        ends = held.get(sampled.stream)
        looks.append(
            Look(
                sampled=sampled,
                generation=live[0].generation,
                position=position,
                events=[each for each in own if ends is None or each.version < ends],
                skipped=skipped,
                stored=_stored(projection, sampled, own),
            )
        )
    return looks


def _events(
    projection: Projection, names: Sequence[str], up_to: int
) -> dict[str, list[RecordedEvent]]:
    found: dict[str, list[RecordedEvent]] = {name: [] for name in names}
    for event in touched.read_streams(names, up_to=up_to):
        if projection.takes(event):
            found[event.stream].append(event)
    return found


def _held(checkpoint: Checkpoint, names: Sequence[str]) -> dict[str, int]:
    """Stream -> version from which on its rows lack it."""
    found = DeadLetter.objects.filter(
        projection=checkpoint.projection,
        generation=checkpoint.generation,
        stream__in=names,
    )
    return dict(found.values_list("stream", "version"))


def _skipped(name: str, names: Sequence[str]) -> frozenset[UUID]:
    found = SkippedEvent.objects.filter(projection=name, stream__in=names)
    return frozenset(found.values_list("event_id", flat=True))


def _partition(stream: str, live: Sequence[Checkpoint]) -> Checkpoint:
    number = partitions.bucket(stream, live[0].partitions)
    return next(each for each in live if each.partition == number)


def _stored(
    projection: Projection, sampled: Sampled, events: Sequence[RecordedEvent]
) -> dict[Table[Any], Texts]:
    found = {}
    for table in projection.own_tables:
        keys: set[Hashable] = set(keys_of(table, events))
        if table in sampled.keys:
            keys.add(sampled.keys[table])
        found[table] = row_sql.stored_texts(table, list(keys), using=USING)
    return found
