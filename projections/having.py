"""Who has an event: whose rows have it, who handled it, who not and why."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from eventstore.events import RecordedEvent
from projections import checkpoints, registry, waiting
from projections.models import Checkpoint, DeadLetter, SkippedEvent
from projections.projection import Projection
from projections.subscriber import Subscriber

State = Literal["has", "not_yet", "held", "skipped", "not_read"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Having:
    """Of one event. position: that of the subscriber, in the event's partition.

    has: it is in the rows, or handled; not_yet: the position is below the event's;
    held: by the dead letter `letter`, which is of this or of an earlier event of the
    stream; skipped: passed over for ever; not_read: it takes no such events.
    """

    name: str
    is_projection: bool
    state: State
    position: int
    letter: DeadLetter | None = None


def of_event(event: RecordedEvent) -> list[Having]:
    """All projections and then all reactors, in order of name; three statements."""
    subscribers = {**registry.all(), **registry.reactors()}
    live = checkpoints.live_of(subscribers)
    letters = letters_of(event.stream, live)
    skipping = SkippedEvent.objects.filter(event_id=event.event_id)
    skipped = set(skipping.values_list("projection", flat=True))
    return list(_each(event, subscribers, live, letters, skipped))


def letters_of(
    stream: str, live: Mapping[str, Sequence[Checkpoint]]
) -> dict[str, DeadLetter]:
    """Name -> by what the live tables of a subscriber lack events of the stream."""
    found = DeadLetter.objects.filter(projection__in=live, stream=stream)
    return {
        each.projection: each
        for each in found
        if each.generation == live[each.projection][0].generation
    }


def _each(
    event: RecordedEvent,
    subscribers: Mapping[str, Subscriber],
    live: Mapping[str, list[Checkpoint]],
    letters: Mapping[str, DeadLetter],
    skipped: set[str],
) -> Iterator[Having]:
    for name, subscriber in subscribers.items():
        position = waiting.standing(live.get(name, []), event.stream)
        letter = letters.get(name)
        if letter and letter.version > event.version:
            letter = None
        state: State = "has"
        if not subscriber.takes(event):
            state = "not_read"
        elif name in skipped:
            state = "skipped"
        elif position < event.position:
            state = "not_yet"
        elif letter:
            state = "held"
        yield Having(
            name=name,
            is_projection=isinstance(subscriber, Projection),
            state=state,
            position=position,
            letter=letter if state == "held" else None,
        )
