"""Which streams are looked at: by the newest events, by any events, by any rows.

What was written last is where a fault of today shows first; what was written long ago
is where nobody would look. A row that no event stands for is in the table alone.
"""

import random
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from django.db import connections

from eventstore import sampled, store
from projections import tables
from projections.projection import Projection, Table

USING = "read"
# Pages of a table of which rows are taken: some hundreds of rows, whatever its size.
PAGES = 10
# Newest events that are looked through for each stream that is wanted.
EVENTS_A_STREAM = 4
# A longer stream costs more than a look at it tells.
MOST_EVENTS = 2_000

# SYSTEM reads whole pages, and only those.
ANY_KEYS = """
SELECT {key}
FROM {table} TABLESAMPLE SYSTEM (least(
    100, 100.0 * {pages} * current_setting('block_size')::int
        / greatest(pg_relation_size('{table}'), 1)
))
ORDER BY random()
LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class Sampled:
    """A stream, and the keys of rows that are its own whatever its events say."""

    stream: str
    keys: Mapping[Table[Any], Hashable] = field(default_factory=dict)


def streams(projection: Projection, *, up_to: int, count: int) -> list[Sampled]:
    """About so many distinct streams, a third of each kind; in random order.

    up_to: the position of the projection's rows.
    """
    third = -(-count // 3)
    positions = [random.randint(1, max(up_to, 1)) for _ in range(third)]
    of_log = [
        *_own(
            projection,
            sampled.newest_streams(up_to=up_to, events=third * EVENTS_A_STREAM),
            third,
        ),
        *_own(projection, sampled.streams_at(positions, up_to=up_to), third),
    ]
    found = {each: Sampled(each) for each in of_log}
    found |= {each.stream: each for each in _by_rows(projection, of_log, third)}
    lengths = store.versions_of(list(found))
    short = [
        each for each in found.values() if lengths.get(each.stream, 0) <= MOST_EVENTS
    ]
    random.shuffle(short)
    return short[:count]


def _own(projection: Projection, found: Sequence[str], count: int) -> list[str]:
    prefix = projection.stream_type.stream("")
    return list(islice((each for each in found if each.startswith(prefix)), count))


def _by_rows(
    projection: Projection, of_log: Sequence[str], count: int
) -> Iterator[Sampled]:
    for table in projection.own_tables:
        if _keys_name_streams(projection, table, of_log[:1]):
            for key in _any_keys(table, -(-count // len(projection.own_tables))):
                yield Sampled(projection.stream_type.stream(key), {table: key})


def _keys_name_streams(
    projection: Projection, table: Table[Any], streams: Sequence[str]
) -> bool:
    """Whether a row's key is the id of its stream, as an event shows: else nobody can
    tell whose it is.
    """
    if table.key_of is None or len(table.key_fields) != 1:
        return False
    name = projection.stream_type.stream
    return any(
        name(table.key_of(each)) == each.stream
        for stream in streams
        for each in store.read_stream(stream, to_version=1)
    )


def _any_keys(table: Table[Any], count: int) -> list[Hashable]:
    sql = ANY_KEYS.format(
        key=connections[USING].ops.quote_name(table.key_fields[0].column),
        table=tables.qualified(table.name),
        pages=PAGES,
    )
    with connections[USING].cursor() as cursor:
        cursor.execute(sql, [count])
        return [key for (key,) in cursor.fetchall()]
