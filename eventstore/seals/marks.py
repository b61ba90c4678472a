"""What a seal knows of each event: its position, and a hash of all its columns.

A mark is 40 bytes: the position (8, big-endian) and SHA-256 of the event's columns as
text, a line each: position, event_id, version, schema_version, recorded_at and
occurred_at in seconds since 1970 with six decimals, stream and type as JSON strings,
data and metadata as PostgreSQL prints its jsonb. No column's text has a line feed of
its own, so no two events make the same text. What is encrypted is hashed as stored.
"""

import hashlib
import json
import struct
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal

from django.db import connections

Change = Literal["altered", "removed", "inserted"]

_MARK = struct.Struct(">q32s")
SIZE = _MARK.size
FIRST = -(2**63)  # below every position: bigint's lowest

# In SQL, because what Python makes of numbers and times is not what is stored. A column
# that was made NULL by force must not drop the whole event out of the aggregate.
MARK = r"""
int8send(position) || coalesce(
    sha256(convert_to(
        position::text
            || E'\n' || event_id::text
            || E'\n' || version::text
            || E'\n' || schema_version::text
            || E'\n' || extract(epoch FROM recorded_at)::text
            || E'\n' || extract(epoch FROM occurred_at)::text
            || E'\n' || to_json(stream)::text
            || E'\n' || to_json(type)::text
            || E'\n' || data::text
            || E'\n' || metadata::text,
        'UTF8'
    )),
    sha256('')
)
"""

READ = f"""
SELECT coalesce(string_agg(mark, '' ORDER BY position), '')
FROM (
    SELECT position, {MARK} AS mark
    FROM eventstore_event
    WHERE position > %s AND position <= %s
    ORDER BY position
    LIMIT %s
) marks
"""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def read(
    *, after: int, up_to: int, limit: int | None = None, using: str = "default"
) -> bytes:
    """The marks of the log's events after a position and up to another, in order."""
    with connections[using].cursor() as cursor:
        cursor.execute(READ, [after, up_to, limit])
        return bytes(cursor.fetchone()[0])


def of(position: int, columns: Sequence[str]) -> bytes:
    """One event's mark; columns: as the module says, without the position."""
    text = "\n".join([str(position), *columns])
    return _MARK.pack(position, hashlib.sha256(text.encode()).digest())


def seconds(at: datetime) -> str:
    """Since 1970, as PostgreSQL's extract(epoch) prints them."""
    microseconds = (at - _EPOCH) // _MICROSECOND
    whole, rest = divmod(abs(microseconds), 1_000_000)
    return f"{'-' if microseconds < 0 else ''}{whole}.{rest:06}"


def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def count(marks: bytes) -> int:
    return len(marks) // SIZE


def last_position(marks: bytes) -> int:
    position: int = _MARK.unpack_from(marks, len(marks) - SIZE)[0]
    return position


def first_change(
    sealed: bytes, found: bytes, *, since: int = FIRST
) -> tuple[int, Change] | None:
    """The first position from `since` on where marks differ, and how; else None."""
    if sealed == found:
        return None
    old, new = dict(_each(sealed)), dict(_each(found))
    for position in sorted(old.keys() | new.keys()):
        if position < since or old.get(position) == new.get(position):
            continue
        if position not in new:
            return position, "removed"
        return position, "altered" if position in old else "inserted"
    return None


def _each(marks: bytes) -> Iterator[tuple[int, bytes]]:
    # A column that was edited by force may have any length.
    whole = marks[: len(marks) - len(marks) % SIZE]
    yield from _MARK.iter_unpack(whole)
