"""Older stored forms of an event, made into the newest on their way out of the log.

Events are never rewritten. `decide`, `evolve` and projections know the newest form of a
type alone; what was stored in an older one passes one upcaster after the other.
"""

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Data = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Upcaster:
    """Makes the data of one schema version of an event type into those of the next.

    schema_version: the one it takes.
    upcast(data) -> data: JSON objects as stored; pure: no clock, no query.
    struct: what that version decoded into; only its JSON Schema is made from it.
    personal: fields of that version which tell about a person.
    """

    schema_version: int
    upcast: Callable[[Data], Data]
    struct: type[Any] | None = None
    personal: Sequence[str] = ()


def chain(
    name: str, upcasters: Sequence[Upcaster], *, newest: int
) -> Mapping[int, Upcaster]:
    """The upcasters by the version they take: each from 1 up to below the newest.

    Raises ValueError, which names the version, for one that is missing, there twice,
    or leads beyond the newest.
    """
    found: dict[int, Upcaster] = {}
    for each in upcasters:
        version = each.schema_version
        if version in found:
            raise ValueError(f"{name} has two upcasters from schema version {version}")
        if not 1 <= version < newest:
            raise ValueError(
                f"{name} has an upcaster from schema version {version}, which is not "
                f"below the newest, {newest}"
            )
        found[version] = each
    for version in range(1, newest):
        if version not in found:
            raise ValueError(
                f"{name} is at schema version {newest}, but no upcaster leads from "
                f"{version} to {version + 1}"
            )
    return found


def to_newest(
    upcasters: Mapping[int, Upcaster], data: Data, *, schema_version: int, newest: int
) -> Data:
    """The data of a version as those of the newest."""
    for version in range(schema_version, newest):
        data = upcasters[version].upcast(data)
    return data


def steps(
    upcasters: Mapping[int, Upcaster], data: Data, *, schema_version: int, newest: int
) -> list[tuple[int, Data]]:
    """The data at each version from its own to the newest."""
    found = [(schema_version, data)]
    for version in range(schema_version, newest):
        data = upcasters[version].upcast(copy.deepcopy(data))
        found.append((version + 1, data))
    return found
