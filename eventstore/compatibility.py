"""What changed in the schemas of stored events since then, and whether it breaks.

Events of a version are stored already, and readers outside were written for it. So a
version takes an optional field at most; anything else needs a new version.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eventstore.schemas import Schema
from eventstore.streams import StreamType


@dataclass(frozen=True, slots=True)
class Change:
    """of: such as "order/OrderPlaced/1". breaking: no reader of before can be sure."""

    of: str
    told: str
    breaking: bool

    def __str__(self) -> str:
        kind = "breaking" if self.breaking else "additive"
        return f"{kind}: {self.of}: {self.told}"


def compare(
    before: Schema, now: Schema, *, stream_types: Sequence[StreamType]
) -> list[Change]:
    """The changes from one document of `schemas.document` to the next, by form."""
    then, forms = _forms(before), _forms(now)
    renamed = _renamed(stream_types)
    found: list[Change] = []
    for name, schema in then.items():
        today = renamed.get(name, name)
        if today in forms:
            found += _changes(name, "", schema, forms[today])
        else:
            told = "has no schema any more: its events are stored"
            found.append(Change(name, told, breaking=True))
    known = {renamed.get(name, name) for name in then}
    new = [Change(name, "is new", breaking=False) for name in forms.keys() - known]
    return [*found, *sorted(new, key=lambda each: each.of)]


def _forms(document: Schema) -> Mapping[str, Schema]:
    """Raises ValueError for what is no document of schemas."""
    forms = document.get("$defs") if isinstance(document, dict) else None
    if not isinstance(forms, dict):
        raise ValueError('it has no "$defs"')
    return forms


def _renamed(stream_types: Sequence[StreamType]) -> Mapping[str, str]:
    """By the name of a form under a former name of its type, that of today."""
    return {
        f"{stream_type.name}/{former}/{version}": (
            f"{stream_type.name}/{event_type.name}/{version}"
        )
        for stream_type in stream_types
        for event_type in stream_type.events
        for former in event_type.former_names
        for version in range(1, event_type.schema_version + 1)
    }


def _changes(form: str, pointer: str, before: Any, now: Any) -> Iterator[Change]:
    if before == now:
        return
    if not isinstance(before, dict) or not isinstance(now, dict):
        yield Change(form, f"{pointer} was {before!r}, is {now!r}", breaking=True)
        return
    if "properties" in before and "properties" in now:
        yield from _field_changes(form, pointer, before, now)
    for key in sorted((before.keys() | now.keys()) - {"properties", "required"}):
        place = f"{pointer}/{key}"
        old, new = before.get(key), now.get(key)
        if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
            for index, pair in enumerate(zip(old, new, strict=True)):
                yield from _changes(form, f"{place}/{index}", *pair)
        else:
            yield from _changes(form, place, old, new)


def _field_changes(
    form: str, pointer: str, before: Schema, now: Schema
) -> Iterator[Change]:
    old, new = before["properties"], now["properties"]
    was, needed = set(before.get("required", ())), set(now.get("required", ()))
    for name in sorted(old.keys() | new.keys()):
        field = f"{pointer}/{name}"
        if name not in new:
            yield Change(form, f"{field} is gone", breaking=True)
        elif name not in old and name in needed:
            yield Change(form, f"{field} is new and required", breaking=True)
        elif name not in old:
            yield Change(form, f"{field} is new and optional", breaking=False)
        else:
            if (name in was) != (name in needed):
                became = "required" if name in needed else "optional"
                yield Change(form, f"{field} became {became}", breaking=True)
            yield from _changes(form, field, old[name], new[name])
