"""Events on their way into the log and out of it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from eventstore import errors, ids, personal_texts, streams
from eventstore.person_keys import Key

MASK = "***"
_OF_ENCRYPTION = {personal_texts.KEY_ID, personal_texts.ENCRYPTED}
_encoder = msgspec.json.Encoder(decimal_format="string")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """An event to append: its type's struct as `data`, times in UTC."""

    data: Any
    occurred_at: datetime
    metadata: Mapping[str, str]
    event_id: UUID


class RecordedEvent:
    """An event of the log. `data` and `metadata` are decoded when first asked.

    Personal texts are decrypted then, where their key was there when the event was
    read; where it was not they are `[forgotten]`.
    type: its name today; stored_type, schema_version: as it is stored.
    position: int > 0, unique and in commit-safe order; version: 1, 2, 3 … in a stream;
    recorded_at, occurred_at: aware datetimes in UTC.
    """

    __slots__ = (
        "_all_metadata",
        "_data",
        "_data_text",
        "_metadata",
        "_metadata_text",
        "_wrapped",
        "event_id",
        "occurred_at",
        "position",
        "recorded_at",
        "schema_version",
        "stored_type",
        "stream",
        "type",
        "version",
    )

    def __init__(
        self,
        position: int,
        event_id: UUID,
        stream: str,
        version: int,
        type: str,
        schema_version: int,
        recorded_at: datetime,
        occurred_at: datetime,
        data: str,
        metadata: str,
        wrapped: bytes | None = None,
    ) -> None:
        self.position = position
        self.event_id = event_id
        self.stream = stream
        self.version = version
        self.type = streams.name_today(stream, type)
        self.stored_type = type
        self.schema_version = schema_version
        self.recorded_at = recorded_at
        self.occurred_at = occurred_at
        self._data_text = data
        self._metadata_text = metadata
        self._data: Any = None
        self._metadata: dict[str, str] | None = None
        self._all_metadata: dict[str, str] | None = None
        self._wrapped = wrapped

    @classmethod
    def of(
        cls,
        event: NewEvent,
        *,
        stream: str,
        version: int,
        position: int,
        recorded_at: datetime,
    ) -> "RecordedEvent":
        """A new event as it was just recorded, without reading it back."""
        event_type = streams.of(stream).type_of(event.data)
        return cls(
            position=position,
            event_id=event.event_id,
            stream=stream,
            version=version,
            type=event_type.name,
            schema_version=event_type.schema_version,
            recorded_at=recorded_at,
            occurred_at=event.occurred_at,
            data=encode(event.data),
            metadata=encode(event.metadata),
        )

    def __repr__(self) -> str:
        return f"<{self.type} {self.stream} v{self.version} @{self.position}>"

    @property
    def data(self) -> Any:
        """The struct of its type. Raises UnknownEventType, InvalidEvent, WrongDataKey,
        UnreadableTexts.
        """
        if self._data is None:
            known, type = streams.of(self.stream), self.stored_type
            if self._wrapped is None:
                self._data = known.decode(type, self.schema_version, self._data_text)
            else:
                self._data = known.convert(type, self.schema_version, self._open())
        return self._data

    def masked(self) -> Any:
        """As `data`, with personal texts as *** and nothing decrypted; [forgotten] and
        the lasting parts stay. Raises UnknownEventType, InvalidEvent.
        """
        known, type = streams.of(self.stream), self.stored_type
        stored: dict[str, Any] = msgspec.json.decode(self._data_text)
        newest = known.newest(type)
        stored |= {
            name: _masked(stored[name], self._spare, path=name, lasting=newest.lasting)
            for name in known.personal_fields(type)
            if name in stored
        }
        return known.convert(type, self.schema_version, stored)

    @property
    def _spare(self) -> str:
        """The text that needs no mask: without a key, nothing is behind it."""
        return "" if self._wrapped else personal_texts.FORGOTTEN

    @property
    def key(self) -> Key | None:
        """That of its personal texts; None for none, and when it was gone."""
        if self._wrapped is None:
            return None
        return Key(self._stored_metadata()[personal_texts.KEY_ID], bytes(self._wrapped))

    def _open(self) -> dict[str, Any]:
        """The stored data with the personal texts in it, as far as there is a key."""
        data: dict[str, Any] = msgspec.json.decode(self._data_text)
        if key := self.key:
            encrypted = self._stored_metadata().get(personal_texts.ENCRYPTED, "")
            texts = personal_texts.decrypt(
                encrypted, key.cipher(), event_id=self.event_id
            )
            personal_texts.put(data, texts)
        return data

    @property
    def metadata(self) -> dict[str, str]:
        """As it was given, without what belongs to the encryption."""
        if self._metadata is None:
            self._metadata = {
                name: value
                for name, value in self._stored_metadata().items()
                if name not in _OF_ENCRYPTION
            }
        return self._metadata

    def _stored_metadata(self) -> dict[str, str]:
        if self._all_metadata is None:
            self._all_metadata = msgspec.json.decode(
                self._metadata_text, type=dict[str, str]
            )
        return self._all_metadata

    def envelope(self, *, masked: bool = False, stored: bool = False) -> dict[str, Any]:
        """The event as clients see it, JSON-ready: at the newest schema version.

        masked: with every text of its personal fields replaced. stored: with type,
        schema version and data as they are in the log; so is what newer code wrote.
        Raises WrongDataKey and UnreadableTexts, unless masked.
        """
        data = msgspec.json.decode(self._data_text) if masked else self._open()
        type, schema_version = self.stored_type, self.schema_version
        if (known := self._known_type()) and not stored:
            data = known.upcast(type, schema_version, data)
            newest = known.newest(type)
            type, schema_version = newest.name, newest.schema_version
        if masked:
            # Nobody here knows what an unknown type tells about persons.
            personal = known.personal_fields(type) if known else data
            data |= {
                name: _masked(data[name], self._spare)
                for name in personal
                if name in data
            }
        return {
            "event_id": str(self.event_id),
            "position": self.position,
            "stream": self.stream,
            "version": self.version,
            "type": type,
            "schema_version": schema_version,
            "recorded_at": rfc3339(self.recorded_at),
            "occurred_at": rfc3339(self.occurred_at),
            "data": data,
            "metadata": self.metadata,
        }

    def _known_type(self) -> streams.StreamType | None:
        """The stream type, if it can read this event."""
        try:
            found = streams.of(self.stream)
        except errors.UnknownStreamType:
            return None
        return found if found.knows(self.stored_type, self.schema_version) else None


def _masked(
    value: Any, spare: str, *, path: str = "", lasting: Collection[str] = ()
) -> Any:
    """spare: the text that is shown, as nothing is behind it; lasting: paths, too."""
    match value:
        case dict():
            return {
                name: _masked(each, spare, path=f"{path}.{name}", lasting=lasting)
                for name, each in value.items()
            }
        case list():
            return [
                _masked(each, spare, path=f"{path}.{place}", lasting=lasting)
                for place, each in enumerate(value)
            ]
        case None:
            return None
    return value if path in lasting or (spare and value == spare) else MASK


def rfc3339(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def encode(data: Any) -> str:
    """A struct (or plain JSON value) as JSON text; decimals as strings."""
    return _encoder.encode(data).decode()


def new(
    data: Any,
    *,
    occurred_at: datetime,
    metadata: Mapping[str, str],
    event_id: UUID | None = None,
) -> NewEvent:
    return NewEvent(
        data=data,
        occurred_at=occurred_at,
        metadata=metadata,
        event_id=event_id or ids.uuid7(),
    )
