"""What a domain registers: its stream types with their event types, decide and evolve.

A domain calls `register(StreamType(…))` in its `streams.py`, which is imported at
start as Django imports `admin.py`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from eventstore import errors, upcasting
from eventstore.upcasting import Data, Upcaster


@dataclass(frozen=True, slots=True, kw_only=True)
class EventType:
    """A type name and its newest schema version, and the struct that it decodes into.

    The name is part of history and independent of the class: renaming the class
    must not change it.
    personal: those of its fields that tell about a person: they are stored encrypted,
    and readers who may not know them see them masked. Texts, or structs and lists of
    texts.
    lasting: parts of these, as "field.part", that stay when the person is forgotten,
    since sums are made of them; they are stored as they are.
    erases: after such an event nothing personal of earlier events of its stream may be
    kept anywhere; the person is forgotten.
    upcasters: one from each older schema version. former_names: that the type was
    stored under in the past, at any schema version.
    """

    struct: type[Any]
    name: str
    schema_version: int = 1
    personal: Sequence[str] = ()
    lasting: Sequence[str] = ()
    erases: bool = False
    upcasters: Sequence[Upcaster] = ()
    former_names: Sequence[str] = ()

    @property
    def names(self) -> list[str]:
        """All that it may be stored under."""
        return [self.name, *self.former_names]


def _no_keys(state: Any) -> Mapping[str, str]:
    return {}


@dataclass(frozen=True, kw_only=True)
class StreamType:
    """One kind of aggregate. Its streams are named `<name>-<id>`.

    decide(state or None, command, at=…) -> events; raises `rejection` when refused.
    evolve(state or None, event, at=occurred_at) -> state; only folds.
    search_keys(state) -> keys copied into the metadata of every event.
    subject(stream, metadata) -> a stream's name that stands for the person whom the
    events' personal fields tell about; one key encrypts them all. None: they are stored
    as they are.
    state: the struct that evolve makes, where long streams shall have snapshots.
    state_version: raised when evolve makes another state of the same events; changes
    of the struct and of event types are noticed without it.
    page: the name of the URL pattern of a page about one of them for people, which
    takes its id alone; "" for none.
    """

    name: str
    events: Sequence[EventType]
    decide: Callable[..., Sequence[Any]]
    evolve: Callable[..., Any]
    rejection: type[Exception]
    search_keys: Callable[[Any], Mapping[str, str]] = _no_keys
    subject: Callable[[str, Mapping[str, str]], str] | None = None
    state: type[Any] | None = None
    state_version: int = 1
    page: str = ""
    _by_struct: dict[type[Any], EventType] = field(
        init=False, default_factory=dict, repr=False
    )
    _by_name: dict[str, EventType] = field(init=False, default_factory=dict, repr=False)
    _decoders: dict[tuple[str, int], msgspec.json.Decoder[Any]] = field(
        init=False, default_factory=dict, repr=False
    )
    _chains: dict[str, Mapping[int, Upcaster]] = field(
        init=False, default_factory=dict, repr=False
    )

    def __post_init__(self) -> None:
        """Raises ValueError for names used twice and for upcasters that do not fit."""
        for event_type in self.events:
            if event_type.struct in self._by_struct:
                raise ValueError(
                    f"{self.name}: {event_type.struct.__name__} is declared twice"
                )
            self._by_struct[event_type.struct] = event_type
            self._chains[event_type.name] = upcasting.chain(
                f"{self.name}: {event_type.name}",
                event_type.upcasters,
                newest=event_type.schema_version,
            )
            decoder = msgspec.json.Decoder(event_type.struct)
            for name in event_type.names:
                if name in self._by_name:
                    raise ValueError(f"{self.name}: two event types are named {name!r}")
                self._by_name[name] = event_type
                self._decoders[name, event_type.schema_version] = decoder

    def stream(self, id: object) -> str:
        return f"{self.name}-{id}"

    def type_of(self, event: Any) -> EventType:
        return self._by_struct[type(event)]

    def type_of_struct(self, struct: type[Any]) -> EventType:
        return self._by_struct[struct]

    def newest(self, type: str) -> EventType:
        """The event type of a name, or former name. Raises UnknownEventType."""
        found = self._by_name.get(type)
        if found is None:
            raise errors.UnknownEventType(stream_type=self.name, type=type)
        return found

    @property
    def erasing(self) -> list[str]:
        """The names of the event types that erase."""
        return [each.name for each in self.events if each.erases]

    def knows(self, type: str, schema_version: int) -> bool:
        """Whether events that are stored so can be read."""
        found = self._by_name.get(type)
        return found is not None and 1 <= schema_version <= found.schema_version

    def personal_fields(self, type: str) -> Sequence[str]:
        """Of all schema versions of the event type. Raises UnknownEventType."""
        event_type = self.newest(type)
        older = [name for each in event_type.upcasters for name in each.personal]
        return [*event_type.personal, *older]

    def upcast(self, type: str, schema_version: int, data: Data) -> Data:
        """Stored data in the newest schema version. Raises UnknownEventType."""
        self._require(type, schema_version)
        event_type = self._by_name[type]
        return upcasting.to_newest(
            self._chains[event_type.name],
            data,
            schema_version=schema_version,
            newest=event_type.schema_version,
        )

    def upcast_steps(
        self, type: str, schema_version: int, data: Data
    ) -> list[tuple[int, Data]]:
        """Stored data at each schema version up to the newest, with that version.

        Raises UnknownEventType.
        """
        self._require(type, schema_version)
        event_type = self._by_name[type]
        return upcasting.steps(
            self._chains[event_type.name],
            data,
            schema_version=schema_version,
            newest=event_type.schema_version,
        )

    def decode(self, type: str, schema_version: int, data: str | bytes) -> Any:
        """Stored JSON as its struct. Raises UnknownEventType, InvalidEvent."""
        decoder = self._decoders.get((type, schema_version))
        try:
            if decoder:
                return decoder.decode(data)
            self._require(type, schema_version)
            stored = msgspec.json.decode(data, type=dict[str, Any])
        except msgspec.DecodeError as error:
            raise errors.InvalidEvent(f"{type}: {error}") from error
        return self.convert(type, schema_version, stored)

    def convert(self, type: str, schema_version: int, data: Data) -> Any:
        """As `decode`, for JSON that is read already."""
        upcast = self.upcast(type, schema_version, data)
        try:
            return msgspec.convert(upcast, self._by_name[type].struct)
        except msgspec.DecodeError as error:
            raise errors.InvalidEvent(f"{type}: {error}") from error

    def _require(self, type: str, schema_version: int) -> None:
        if not self.knows(type, schema_version):
            raise errors.UnknownEventType(
                stream_type=self.name, type=type, schema_version=schema_version
            )

    def fold(self, state: Any, events: Sequence[tuple[Any, datetime]]) -> Any:
        for event, at in events:
            state = self.evolve(state, event, at=at)
        return state


_registered: dict[str, StreamType] = {}
# By former name and stream type, the name of today.
_renamed: dict[str, dict[str, str]] = {}


def register(stream_type: StreamType) -> StreamType:
    """Makes a stream type known to the log.

    Raises ValueError for a bad name, and for a former name of an event type that is in
    use elsewhere: whoever asks the log for a type is given all it was stored under.
    """
    name = stream_type.name
    if not name.isidentifier() or not name.islower():
        raise ValueError(f"{name!r}: a stream type is a lower-case word")
    if _registered.get(name, stream_type) is not stream_type:
        raise ValueError(f"the stream type {name!r} is already registered")
    for other in registered():
        if clashes := _clashes(stream_type, other) | _clashes(other, stream_type):
            raise ValueError(
                f"{', '.join(sorted(clashes))}: the former name of an event type, in "
                f"use in both {name!r} and {other.name!r}"
            )
    _registered[name] = stream_type
    for event_type in stream_type.events:
        for former in event_type.former_names:
            _renamed.setdefault(former, {})[name] = event_type.name
    return stream_type


def _clashes(renaming: StreamType, other: StreamType) -> set[str]:
    if renaming is other:
        return set()
    former = {name for each in renaming.events for name in each.former_names}
    return former & {name for each in other.events for name in each.names}


def registered() -> list[StreamType]:
    return [_registered[name] for name in sorted(_registered)]


def of(stream: str) -> StreamType:
    """The stream type a stream belongs to. Raises UnknownStreamType."""
    name, _, id = stream.partition("-")
    found = _registered.get(name)
    if found is None or not id:
        raise errors.UnknownStreamType(stream=stream, known=sorted(_registered))
    return found


def name_today(stream: str, stored: str) -> str:
    """The name of an event's type today, of the name it is stored under."""
    if not (renamed := _renamed.get(stored)):
        return stored
    return renamed.get(stream.partition("-")[0], stored)


def stored_names(types: Sequence[str]) -> list[str]:
    """All names that events of these types are stored under."""
    former = [old for old, new in _renamed.items() if set(new.values()) & set(types)]
    return [*types, *former]
