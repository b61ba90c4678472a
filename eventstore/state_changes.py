"""What differs between two states of a stream, of whatever type they are."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

Kind = Literal["added", "removed", "changed"]
# How the name of a key ends that tells the items of a list apart: line_id.
IDENTITY = "_id"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """path: such as "lines[line_id=1].quantity", "" for the whole state.

    before, after: JSON values; None on the side where there is nothing.
    """

    path: str
    kind: Kind
    before: Any
    after: Any


def difference(before: Any, after: Any) -> list[Change]:
    """What has to change to make the state `after` of the state `before`.

    States as `evolve` makes them, or JSON; None for a stream without events. Items of
    lists are matched by a key that ends in _id, is a text or a number and differs
    between the items of each list; else by their places.
    """
    return list(
        _changes(
            _plain(before), _plain(after), "", absent=(before is None, after is None)
        )
    )


def _plain(state: Any) -> Any:
    return msgspec.to_builtins(state, str_keys=True, builtin_types=())


def _changes(
    before: Any, after: Any, path: str, *, absent: tuple[bool, bool] = (False, False)
) -> Iterator[Change]:
    if absent[0] != absent[1]:
        kind: Kind = "added" if absent[0] else "removed"
        yield Change(path=path, kind=kind, before=before, after=after)
    elif isinstance(before, dict) and isinstance(after, dict):
        prefix = f"{path}." if path else ""
        yield from _members(
            {prefix + k: v for k, v in before.items()},
            {prefix + k: v for k, v in after.items()},
        )
    elif isinstance(before, list) and isinstance(after, list):
        yield from _members(*_items(before, after, path))
    elif before != after or type(before) is not type(after):
        yield Change(path=path, kind="changed", before=before, after=after)


def _members(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    """By their paths; those that are gone come where they were, new ones last."""
    for path in [*before, *(each for each in after if each not in before)]:
        yield from _changes(
            before.get(path),
            after.get(path),
            path,
            absent=(path not in before, path not in after),
        )


def _items(
    before: list[Any], after: list[Any], path: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    key = _identity(before, after)
    return _named(before, path, key), _named(after, path, key)


def _named(items: list[Any], path: str, key: str | None) -> dict[str, Any]:
    if key is None:
        return {f"{path}[{place}]": each for place, each in enumerate(items)}
    return {f"{path}[{key}={each[key]}]": each for each in items}


def _identity(before: list[Any], after: list[Any]) -> str | None:
    """The first key that tells the items of each of both lists apart."""
    items = [*before, *after]
    if not all(isinstance(each, dict) for each in items):
        return None
    for key in items[0] if items else ():
        if key.endswith(IDENTITY) and _unique(before, key) and _unique(after, key):
            return str(key)
    return None


def _unique(items: list[dict[str, Any]], key: str) -> bool:
    found = [each.get(key) for each in items]
    if not all(isinstance(each, str | int) for each in found):
        return False
    return len({str(each) for each in found}) == len(found)
