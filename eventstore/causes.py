"""What caused an event, what it caused, and what else belongs to it.

An event's metadata name the event that caused its command (causation_id) and all that
belongs to one request (correlation_id). Both have an index.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from eventstore import store
from eventstore.events import RecordedEvent
from eventstore.search import bounding

MOST = 200  # events of a tree, of a command, of a group
DEEPEST = 20  # steps up and down

BEYOND = 2**62  # a position that no event has

# Pairs are compared: see search/conditions.py.
# LATERAL: each cause by itself, along the index, and no more than are shown.
CAUSED = f"""
SELECT e.*
FROM unnest(%(causes)s::text[]) WITH ORDINALITY AS wanted(cause, place)
CROSS JOIN LATERAL (
    SELECT {store.COLUMNS}
    FROM eventstore_event
    WHERE metadata ? 'causation_id'
      AND (metadata ->> 'causation_id', position) > (wanted.cause, 0)
      AND (metadata ->> 'causation_id', position) < (wanted.cause, {BEYOND})
    ORDER BY metadata ->> 'causation_id', position
    LIMIT %(most)s
) e
ORDER BY wanted.place, e.position
LIMIT %(most)s
"""
GROUP = f"""
SELECT {store.COLUMNS}
FROM eventstore_event
WHERE (metadata ->> 'correlation_id', position) > (%(id)s, 0)
  AND (metadata ->> 'correlation_id', position) < (%(id)s, {BEYOND})
ORDER BY metadata ->> 'correlation_id', position
LIMIT %(most)s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """An event in the tree, depth first: depth 0 is the root. asked: the one asked for.

    unfinished: there may be more that it caused, which is not shown.
    """

    event: RecordedEvent
    depth: int
    asked: bool
    unfinished: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Causes:
    """same_command: of the event's command, with it, by version.

    tree: from the first cause that is known down; missing: an id that is named as a
    cause and is no event here. group: of the same correlation, by position.
    ..._cut: there is more than is shown.
    """

    same_command: tuple[RecordedEvent, ...]
    command_cut: bool
    tree: tuple[Node, ...]
    tree_cut: bool
    missing: str
    group: tuple[RecordedEvent, ...]
    group_cut: bool


def around(event: RecordedEvent, *, most: int = MOST, deepest: int = DEEPEST) -> Causes:
    """What stands around an event of the log; nothing of its data is read."""
    same, command_cut = _same_command(event, most)
    path, missing, path_cut = _up(event, deepest)
    tree, tree_cut = _down(path[0], event, most, deepest + len(path))
    group, group_cut = _group(event, most)
    return Causes(
        same_command=same,
        command_cut=command_cut,
        tree=tree,
        tree_cut=tree_cut or path_cut,
        missing=missing,
        group=group,
        group_cut=group_cut,
    )


def _same_command(
    event: RecordedEvent, most: int
) -> tuple[tuple[RecordedEvent, ...], bool]:
    """They stand together in their stream."""
    if not (id := event.metadata.get("command_id")):
        return (event,), False
    near = store.read_stream(
        event.stream,
        from_version=max(event.version - most, 1),
        to_version=min(event.version + most, store.MAX_VERSION),
    )
    found = [each for each in near if each.metadata.get("command_id") == id]
    cut = len(found) > most
    return tuple(found[:most]), cut


def _up(event: RecordedEvent, deepest: int) -> tuple[list[RecordedEvent], str, bool]:
    """From the first known cause down to the event; what is missing above; cut?"""
    path, seen = [event], {event.event_id}
    while cause := path[0].metadata.get("causation_id"):
        if len(path) > deepest:
            return path, "", True
        above = _event(cause)
        if above is None:
            return path, cause, False
        if above.event_id in seen:
            return path, "", True  # a loop, which nobody can make by commands
        seen.add(above.event_id)
        path.insert(0, above)
    return path, "", False


def _event(id: str) -> RecordedEvent | None:
    try:
        event_id = UUID(id)
    except ValueError:
        return None
    return store.read_events([event_id]).get(event_id)


def _down(
    root: RecordedEvent, asked: RecordedEvent, most: int, deepest: int
) -> tuple[tuple[Node, ...], bool]:
    """A level at a time, so that there are few statements; shown depth first."""
    children: dict[UUID, list[RecordedEvent]] = {}
    seen, level, cut = {root.event_id}, [root], False
    for _ in range(deepest):
        room = most - len(seen)
        found = _caused(level, room + 1)
        cut = len(found) > room
        level = []
        for each in found[:room]:
            if each.event_id not in seen:
                seen.add(each.event_id)
                level.append(each)
                cause = UUID(each.metadata["causation_id"])
                children.setdefault(cause, []).append(each)
        if cut or not level:
            break
    else:
        cut = bool(_caused(level, 1))
    last = {each.event_id for each in level} if cut else set()
    nodes: list[Node] = []
    waiting = [(root, 0)]
    while waiting:
        event, depth = waiting.pop()
        nodes.append(
            Node(
                event=event,
                depth=depth,
                asked=event.event_id == asked.event_id,
                unfinished=event.event_id in last,
            )
        )
        below = children.get(event.event_id, [])
        waiting += [(each, depth + 1) for each in reversed(below)]
    return tuple(nodes), cut


def _caused(causes: Sequence[RecordedEvent], most: int) -> list[RecordedEvent]:
    ids = [str(each.event_id) for each in causes]
    return _read(CAUSED, {"causes": ids, "most": most})


def _group(event: RecordedEvent, most: int) -> tuple[tuple[RecordedEvent, ...], bool]:
    if not (id := event.metadata.get("correlation_id")):
        return (event,), False
    found = _read(GROUP, {"id": id, "most": most + 1})
    return tuple(found[:most]), len(found) > most


def _read(sql: str, values: dict[str, Any]) -> list[RecordedEvent]:
    with bounding.cursor() as cursor:
        cursor.execute(sql, values)
        return [RecordedEvent(*row) for row in cursor.fetchall()]
