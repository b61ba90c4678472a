"""What a domain registers: its stream types with their event types, decide and evolve.

A domain calls `register(StreamType(…))` in its `streams.py`, which is imported at
start as Django imports `admin.py`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from eventstore import errors


@dataclass(frozen=True, slots=True, kw_only=True)
class EventType:
    """A stored type name and schema version, and the struct that it decodes into.

    The name is part of history and independent of the class: renaming the class
    must not change it.
    personal: those of its fields that tell about a person; readers who may not know
    them see them masked.
    """

    struct: type[Any]
    name: str
    schema_version: int = 1
    personal: Sequence[str] = ()


def _no_keys(state: Any) -> Mapping[str, str]:
    return {}


@dataclass(frozen=True, kw_only=True)
class StreamType:
    """One kind of aggregate. Its streams are named `<name>-<id>`.

    decide(state or None, command, at=…) -> events; raises `rejection` when refused.
    evolve(state or None, event, at=occurred_at) -> state; only folds.
    search_keys(state) -> keys copied into the metadata of every event.
    state: the struct that evolve makes, where long streams shall have snapshots.
    state_version: raised when evolve makes another state of the same events; changes
    of the struct and of event types are noticed without it.
    """

    name: str
    events: Sequence[EventType]
    decide: Callable[..., Sequence[Any]]
    evolve: Callable[..., Any]
    rejection: type[Exception]
    search_keys: Callable[[Any], Mapping[str, str]] = _no_keys
    state: type[Any] | None = None
    state_version: int = 1
    _decoders: dict[tuple[str, int], msgspec.json.Decoder[Any]] = field(
        init=False, default_factory=dict, repr=False
    )
    _by_struct: dict[type[Any], EventType] = field(
        init=False, default_factory=dict, repr=False
    )

    def __post_init__(self) -> None:
        for event_type in self.events:
            key = event_type.name, event_type.schema_version
            if key in self._decoders or event_type.struct in self._by_struct:
                raise ValueError(f"{self.name}: event type {key} is declared twice")
            self._decoders[key] = msgspec.json.Decoder(event_type.struct)
            self._by_struct[event_type.struct] = event_type

    def stream(self, id: object) -> str:
        return f"{self.name}-{id}"

    def type_of(self, event: Any) -> EventType:
        return self._by_struct[type(event)]

    def type_of_struct(self, struct: type[Any]) -> EventType:
        return self._by_struct[struct]

    def newest(self, type: str) -> EventType:
        """The event type stored under a name, at its newest schema version.

        Raises UnknownEventType.
        """
        found = [each for each in self.events if each.name == type]
        if not found:
            raise errors.UnknownEventType(stream_type=self.name, type=type)
        return max(found, key=lambda each: each.schema_version)

    def personal_fields(self, type: str) -> Sequence[str]:
        """Of all schema versions of the event type; none for an unknown one."""
        return [
            name for each in self.events if each.name == type for name in each.personal
        ]

    def decode(self, type: str, schema_version: int, data: str | bytes) -> Any:
        """Stored JSON as its struct. Raises UnknownEventType, InvalidEvent."""
        decoder = self._decoders.get((type, schema_version))
        if decoder is None:
            raise errors.UnknownEventType(
                stream_type=self.name, type=type, schema_version=schema_version
            )
        try:
            return decoder.decode(data)
        except msgspec.DecodeError as error:
            raise errors.InvalidEvent(f"{type}: {error}") from error

    def fold(self, state: Any, events: Sequence[tuple[Any, datetime]]) -> Any:
        for event, at in events:
            state = self.evolve(state, event, at=at)
        return state


_registered: dict[str, StreamType] = {}


def register(stream_type: StreamType) -> StreamType:
    """Makes a stream type known to the log. Raises ValueError for a bad name."""
    name = stream_type.name
    if not name.isidentifier() or not name.islower():
        raise ValueError(f"{name!r}: a stream type is a lower-case word")
    if _registered.get(name, stream_type) is not stream_type:
        raise ValueError(f"the stream type {name!r} is already registered")
    _registered[name] = stream_type
    return stream_type


def registered() -> list[StreamType]:
    return [_registered[name] for name in sorted(_registered)]


def of(stream: str) -> StreamType:
    """The stream type a stream belongs to. Raises UnknownStreamType."""
    name, _, id = stream.partition("-")
    found = _registered.get(name)
    if found is None or not id:
        raise errors.UnknownStreamType(stream=stream, known=sorted(_registered))
    return found
