"""Lets nothing personal stay behind an event that erases, also where a stream is held.

What is folded follows by itself. A stream that is held does not, nor do the texts of
errors, which may quote an event. Kept tables: rebuilding/overtaken.py.
"""

from collections.abc import Sequence

from eventstore.events import RecordedEvent
from eventstore.personal_texts import FORGOTTEN
from projections import dead_letters, folding, tables
from projections.models import Checkpoint, Operation, Timer
from projections.partitions import bucket
from projections.projection import Projection
from projections.subscriber import Subscriber


def follow(
    subscriber: Subscriber, checkpoint: Checkpoint, events: Sequence[RecordedEvent]
) -> set[str]:
    """With the lease in hand, after the batch of events was applied: the streams whose
    rows were changed besides.

    No batch of before is written any more when this one is, so nobody who had read the
    texts earlier can store them afterwards.
    """
    erasing = _erasing(subscriber, checkpoint, events)
    streams = list({each.stream for each in erasing})
    if not streams:
        return set()
    held = dead_letters.erase_texts(checkpoint, streams)
    Timer.objects.filter(reactor=subscriber.name, stream__in=streams).update(error="")
    _erase_failed_operations(subscriber)
    waiting = [each for each in erasing if each.stream in held]
    if isinstance(subscriber, Projection):
        folding.erase(subscriber, waiting, schema=tables.schema_of(checkpoint.role))
    return held


def _erase_failed_operations(subscriber: Subscriber) -> None:
    """What failed says why, perhaps in words of an event, nobody knows of which."""
    failed = Operation.State.FAILED
    Operation.objects.filter(projection=subscriber.name, state=failed).exclude(
        note=FORGOTTEN
    ).update(note=FORGOTTEN)


def _erasing(
    subscriber: Subscriber, checkpoint: Checkpoint, events: Sequence[RecordedEvent]
) -> list[RecordedEvent]:
    names = subscriber.stream_type.erasing
    prefix = f"{subscriber.stream_type.name}-"
    return [
        each
        for each in events
        if each.type in names
        and each.stream.startswith(prefix)
        and bucket(each.stream, checkpoint.partitions) == checkpoint.partition
    ]
