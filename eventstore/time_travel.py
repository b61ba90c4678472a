"""A stream as it was: folded by the production `evolve` of its type."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from eventstore import store, streams
from eventstore.events import RecordedEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """An event and the state that it left."""

    event: RecordedEvent
    state: Any


def replay(stream: str, *, to_version: int = store.MAX_VERSION) -> Iterator[Step]:
    """The stream's states, event by event. Raises UnknownStreamType."""
    stream_type = streams.of(stream)
    state = None
    for event in store.read_stream(stream, to_version=to_version):
        state = stream_type.evolve(state, event.data, at=event.occurred_at)
        yield Step(event=event, state=state)


def state_at(stream: str, *, version: int) -> Any:
    """The state at a version; None before the first event."""
    state = None
    for step in replay(stream, to_version=version):
        state = step.state
    return state
