"""A query as SQL: what drives it along an index, and what every event is asked."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from eventstore import streams
from eventstore.search.query import Query

# Streams that a search goes through one by one.
MOST_STREAMS = 1000

# Each gives positions within the bounds, in the order of an index, up to `window`.
# {order}: DESC or ASC. LATERAL: each stream or type is read by itself, to its limit.
# Pairs are compared, not keys: with `key = …` the order of positions alone would do,
# and the log is walked by position where a key is rarer than the planner believes.
ALL = """
SELECT position FROM eventstore_event
WHERE position > %(low)s AND position < %(high)s
ORDER BY position {order} LIMIT %(window)s"""
POINTS = """
SELECT position FROM (
    SELECT position FROM eventstore_event WHERE position = ANY(%(positions)s::bigint[])
    UNION
    SELECT position FROM eventstore_event WHERE event_id = ANY(%(ids)s::uuid[])
) points
WHERE position > %(low)s AND position < %(high)s
ORDER BY position {order} LIMIT %(window)s"""
STREAMS = """
SELECT found.position
FROM unnest(%(streams)s::text[]) AS wanted(stream)
CROSS JOIN LATERAL (
    SELECT position FROM eventstore_event e
    WHERE e.stream = wanted.stream
      AND e.position > %(low)s AND e.position < %(high)s
    ORDER BY e.version {order} LIMIT %(window)s
) found
ORDER BY found.position {order} LIMIT %(window)s"""
NAMED = """
SELECT position FROM (
    SELECT position FROM eventstore_event
    WHERE event_id = ANY(%(ids)s::uuid[])
      AND position > %(low)s AND position < %(high)s
    UNION
    SELECT found.position
    FROM unnest(%(streams)s::text[]) AS wanted(stream)
    CROSS JOIN LATERAL (
        SELECT position FROM eventstore_event e
        WHERE e.stream = wanted.stream
          AND e.position > %(low)s AND e.position < %(high)s
        ORDER BY e.version {order} LIMIT %(window)s
    ) found
) named
ORDER BY position {order} LIMIT %(window)s"""
KEYED = """
SELECT found.position
FROM unnest(%(keys)s::text[]) AS wanted(key)
CROSS JOIN LATERAL (
    SELECT position FROM eventstore_event e
    WHERE {of_index}
      AND ({column}, e.position) > (wanted.key, %(low)s::bigint)
      AND ({column}, e.position) < (wanted.key, %(high)s::bigint)
    ORDER BY {column} {order}, e.position {order} LIMIT %(window)s
) found
ORDER BY found.position {order} LIMIT %(window)s"""

COLUMNS = {
    "type": "e.type",
    "correlation": "e.metadata ->> 'correlation_id'",
    "causation": "e.metadata ->> 'causation_id'",
}
# What a partial index is made for.
OF_INDEX = {"causation": "e.metadata ? 'causation_id'"}
FILTERS = {
    "type": "type = ANY({})",
    "stream": "stream = ANY({})",
    "customer": "metadata ->> 'customer_id' = ANY({})",
    "correlation": "metadata ->> 'correlation_id' = ANY({})",
    "causation": "metadata ->> 'causation_id' = ANY({})",
    "actor": "metadata ->> 'actor' = ANY({})",
    "version": "version = ANY({}::int[])",
    "position": "position = ANY({}::bigint[])",
    "id": "event_id = ANY({}::uuid[])",
}
IN_DATA = """EXISTS (
    SELECT FROM jsonb_path_query(data, {}::jsonpath) AS found(value)
    WHERE found.value #>> '{{}}' = {}
)"""


@dataclass(frozen=True, slots=True)
class Driver:
    """sql: gives positions; covers: the names of words that need no more asking."""

    sql: str
    values: dict[str, Any]
    covers: frozenset[str]


def driver(query: Query, *, found: Sequence[str] | None) -> Driver:
    """The index that leads. found: the streams of the customers or with the beginning
    that are asked for; None where there are too many.
    """
    positions, ids = query.values("position"), query.values("id")
    if positions or ids:
        covered = frozenset(("position", "id") if not (positions and ids) else ())
        values = {"positions": positions, "ids": ids}
        return Driver(POINTS, values, covered)
    if names := query.values("stream"):
        return Driver(STREAMS, {"streams": names}, frozenset(("stream",)))
    for name in ("causation", "correlation"):
        if keys := query.values(name):
            return _keyed(name, list(set(keys)))
    if query.values("customer") and found is not None:
        return Driver(STREAMS, {"streams": found}, frozenset(("customer",)))
    if named := query.values("named"):
        names = [each.stream(id) for each in streams.registered() for id in named]
        values = {"ids": named, "streams": names}
        return Driver(NAMED, values, frozenset(("named",)))
    if query.values("prefix") and found is not None:
        return Driver(STREAMS, {"streams": found}, frozenset(("prefix",)))
    if names := query.values("type"):
        return _keyed("type", list(set(streams.stored_names(names))))
    return Driver(ALL, {}, frozenset())


def _keyed(name: str, keys: list[str]) -> Driver:
    sql = KEYED.replace("{column}", COLUMNS[name])
    sql = sql.replace("{of_index}", OF_INDEX.get(name, "TRUE"))
    return Driver(sql, {"keys": keys}, frozenset((name,)))


def filters(query: Query) -> tuple[str, dict[str, Any]]:
    """Conditions over the columns of an event, joined by AND, and their values."""
    said, values = ["TRUE"], dict[str, Any]()

    def bind(value: Any) -> str:
        name = f"f{len(values)}"
        values[name] = value
        return f"%({name})s"

    for name in dict.fromkeys(each.name for each in query.words):
        wanted = query.values(name)
        if name == "type":
            wanted = streams.stored_names(wanted)
        if name in FILTERS:
            said.append(FILTERS[name].format(bind(wanted)))
        elif name == "named":
            names = [each.stream(id) for each in streams.registered() for id in wanted]
            ids = bind(wanted)
            said.append(
                f"(stream = ANY({bind(names)}) OR event_id = ANY({ids}::uuid[]))"
            )
        elif name == "prefix":
            begins = [f"starts_with(stream, {bind(each)})" for each in wanted]
            said.append("({})".format(" OR ".join(begins)))
        else:
            said.append(_in_data(name, wanted, bind))
    if query.since:
        said.append(f"recorded_at >= {bind(query.since)}")
    if query.until:
        said.append(f"recorded_at < {bind(query.until)}")
    return "\n  AND ".join(said), values


def _in_data(name: str, wanted: list[str], bind: Any) -> str:
    path = name.split(".")[1:]
    forms = dict.fromkeys([jsonpath(path, places=True), jsonpath(path, places=False)])
    return "({})".format(
        " OR ".join(
            IN_DATA.format(bind(form), bind(value))
            for form in forms
            for value in wanted
        )
    )


def jsonpath(path: Sequence[str], *, places: bool) -> str:
    """Of names in the data; lax, so that it goes into every item of a list.

    places: a number is a place in a list, from 0, and not a name.
    """
    steps = [
        f"[{int(each)}]"
        if places and each.isascii() and each.isdecimal() and len(each) < 9
        else f".{json.dumps(each)}"
        for each in path
    ]
    return "lax $" + "".join(steps) + "[*]"
