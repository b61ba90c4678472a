"""What events add to the entries of a projection; a stream whose event fails waits."""

from collections.abc import Sequence

from eventstore.events import RecordedEvent
from projections import failure, timings
from projections.folding import Failed
from projections.in_redis import generation
from projections.in_redis.projection import Entry, RedisProjection
from projections.models import Checkpoint


def apply(
    projection: RedisProjection,
    checkpoint: Checkpoint,
    events: Sequence[RecordedEvent],
    *,
    position: int | None,
) -> list[Failed]:
    """Adds what the events say to the checkpoint's generation, which then stands at
    `position`; None leaves it where it stands.

    Returns what failed: of those streams the events before the failing one are added,
    the failing one and those behind it are not. Raises RedisAway, RowsLost, and faults
    that are no event's.
    """
    entries: list[tuple[int, Entry]] = []
    failed: dict[str, Failed] = {}
    for event in events:
        if event.stream in failed:
            continue
        try:
            new = list(projection.entries(event))
        except Exception as error:
            if not failure.is_of_event(error):
                raise
            failed[event.stream] = Failed(event, error, [])
        else:
            entries += [(event.position, each) for each in new]
    with timings.step(timings.WRITE):
        generation.add(projection, checkpoint, entries, position=position)
    return list(failed.values())
