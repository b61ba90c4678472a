"""Encrypts the personal texts of events on their way into the log."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from eventstore import errors, person_keys, personal_texts, streams
from eventstore.events import NewEvent
from eventstore.person_keys import Key
from eventstore.streams import StreamType


@dataclass(frozen=True, slots=True)
class Ready:
    """Events of a stream as they are to be stored; key_id: what encrypted, if any."""

    events: Sequence[NewEvent]
    key_id: str = ""


def encrypt(
    appends: Sequence[tuple[str, Sequence[NewEvent]]], *, using: str = "default"
) -> list[Ready]:
    """The events of each (stream, events); the keys of all come in one statement.

    All events of one append to a stream are of the person that the first one names.
    Raises ConcurrencyConflict when a person is forgotten at this moment, WrongDataKey.
    """
    taken = [_taken(stream, events) for stream, events in appends]
    subjects = {each.subject for each in taken if each.subject}
    keys = person_keys.find_or_make(subjects, using=using) if subjects else {}
    return [
        _ready(stream, events, each, keys)
        for (stream, events), each in zip(appends, taken, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class _Taken:
    """subject: whose texts there are, "" for none; with the data without them."""

    subject: str = ""
    parts: Sequence[tuple[Any, personal_texts.Texts]] = ()


def _taken(stream: str, events: Sequence[NewEvent]) -> _Taken:
    stream_type = streams.of(stream)
    if stream_type.subject is None:
        return _Taken()
    parts = [_part(stream_type, each.data) for each in events]
    if not any(texts for _, texts in parts):
        return _Taken()
    return _Taken(stream_type.subject(stream, events[0].metadata), parts)


def _part(stream_type: StreamType, data: Any) -> tuple[Any, personal_texts.Texts]:
    event_type = stream_type.type_of(data)
    if not event_type.personal:
        return data, {}
    return personal_texts.take(
        data, personal=event_type.personal, lasting=event_type.lasting
    )


def _ready(
    stream: str, events: Sequence[NewEvent], taken: _Taken, keys: Mapping[str, Key]
) -> Ready:
    if not taken.subject:
        return Ready(events)
    key = keys.get(taken.subject)
    if key is None:
        raise errors.ConcurrencyConflict(stream=stream, expected=0)
    pairs = zip(events, taken.parts, strict=True)
    return Ready([_stored(each, *part, key) for each, part in pairs], key.id)


def _stored(
    event: NewEvent, data: Any, texts: personal_texts.Texts, key: Key
) -> NewEvent:
    if not texts:
        return event
    encrypted = personal_texts.encrypt(texts, key.cipher(), event_id=event.event_id)
    of_encryption = {
        personal_texts.KEY_ID: key.id,
        personal_texts.ENCRYPTED: encrypted,
    }
    return replace(event, data=data, metadata={**event.metadata, **of_encryption})
