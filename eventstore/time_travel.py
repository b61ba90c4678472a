"""A stream as it was: folded by the production `evolve` of its type."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from eventstore import store, streams
from eventstore.events import RecordedEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """An event and the state that it left."""

    event: RecordedEvent
    state: Any


def replay(
    stream: str, *, to_version: int = store.MAX_VERSION, masked: bool = False
) -> Iterator[Step]:
    """The stream's states, event by event. Raises UnknownStreamType.

    masked: personal texts are *** before they are folded, so no state has them,
    whatever its shape; what is forgotten reads [forgotten].
    """
    stream_type = streams.of(stream)
    state = None
    for event in store.read_stream(stream, to_version=to_version):
        data = event.masked() if masked else event.data
        state = stream_type.evolve(state, data, at=event.occurred_at)
        yield Step(event=event, state=state)


def state_at(stream: str, *, version: int, masked: bool = False) -> Any:
    """The state at a version; None before the first event."""
    state = None
    for step in replay(stream, to_version=version, masked=masked):
        state = step.state
    return state


def states(stream: str, *, versions: Collection[int], masked: bool) -> dict[int, Step]:
    """The states at these versions, in one pass from the first event.

    A version that the stream does not have (0, or beyond its newest) is left out.
    """
    wanted = set(versions)
    return {
        step.event.version: step
        for step in replay(stream, to_version=max(wanted, default=0), masked=masked)
        if step.event.version in wanted
    }
