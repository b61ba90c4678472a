"""Append to streams; read a stream; read the settled log. The only way to the table."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connections, transaction
from django.db.utils import IntegrityError, OperationalError

from eventstore import encrypting, errors, settled, streams, wakeup
from eventstore.encrypting import Ready
from eventstore.events import NewEvent, RecordedEvent, encode

STREAM_VERSION_KEY = "eventstore_event_stream_version_key"
EVENT_ID_KEY = "eventstore_event_event_id_key"
SERIALIZATION_FAILURE = "40001"
DEADLOCK_DETECTED = "40P01"

# With the key of its personal texts, if it is there: read by the same statement, so
# that nobody who reads after a person was forgotten can decrypt.
COLUMNS = """position, event_id, stream, version, type, schema_version,
    recorded_at, occurred_at, data, metadata,
    (SELECT k.wrapped FROM eventstore_key k WHERE k.key_id = metadata ->> 'key_id')"""

# One statement stores all events or, where a stream is not at the version its writer
# saw, none of that stream: the condition is the same for all its rows. Without it an
# expected version one too high could store version 6 before version 5 commits.
# JSON texts come joined by line feeds, which no compact JSON has: as an array every
# quote in them would be escaped by Python, half the time of an append of many events.
# The keys that encrypted are locked, so that they are there when this commits; what a
# key encrypted that is gone is not stored, as on a conflict.
APPEND = r"""
WITH held AS MATERIALIZED (
    SELECT key_id
    FROM eventstore_key
    WHERE key_id = ANY(%s::text[])
    ORDER BY key_id
    FOR KEY SHARE
)
INSERT INTO eventstore_event
    (stream, version, event_id, type, schema_version, occurred_at, data, metadata)
SELECT x.stream, x.version, x.event_id, x.type, x.schema_version, x.occurred_at,
       x.data, x.metadata
FROM unnest(
    %s::text[], %s::int[], %s::int[], %s::uuid[], %s::text[], %s::smallint[],
    %s::timestamptz[], %s::text[], string_to_array(%s, E'\n')::jsonb[],
    string_to_array(%s, E'\n')::jsonb[]
) WITH ORDINALITY AS x
    (stream, expected, version, event_id, type, schema_version, occurred_at, key_id,
     data, metadata, place)
WHERE coalesce(
    (SELECT max(e.version) FROM eventstore_event e WHERE e.stream = x.stream), 0
) = x.expected
  AND (x.key_id = '' OR x.key_id IN (SELECT key_id FROM held))
ORDER BY x.place
RETURNING stream, version, position, recorded_at, (SELECT epoch FROM eventstore_log)
"""

READ_STREAM = f"""
SELECT {COLUMNS}
FROM eventstore_event
WHERE stream = %s AND version >= %s AND version <= %s
ORDER BY version
"""

# The events of one command stand together in their stream.
READ_COMMAND = f"""
SELECT {COLUMNS}
FROM eventstore_event
WHERE stream = %(stream)s
  AND version >= (
      SELECT version FROM eventstore_event WHERE event_id = %(first)s
  )
  AND metadata ->> 'command_id' = (
      SELECT metadata ->> 'command_id' FROM eventstore_event WHERE event_id = %(first)s
  )
ORDER BY version
"""

READ_LOG = f"""
SELECT {COLUMNS}
FROM eventstore_event
WHERE position > %s AND position <= %s
ORDER BY position
LIMIT %s
"""

READ_LOG_OF_TYPES = f"""
SELECT {COLUMNS}
FROM eventstore_event
WHERE position > %s AND position <= %s AND type = ANY(%s)
ORDER BY position
LIMIT %s
"""

# Versions of a stream rise with positions, and there is an index of versions.
READ_LOG_OF_STREAM = f"""
SELECT {COLUMNS}
FROM eventstore_event
WHERE stream = %s AND position > %s AND position <= %s
  AND (%s::text[] IS NULL OR type = ANY(%s::text[]))
ORDER BY version
LIMIT %s
"""

READ_LOG_FROM = f"""
SELECT {COLUMNS}
FROM eventstore_event
WHERE position >= %s AND position <= %s
ORDER BY position
LIMIT %s
"""

READ_LAST = f"""
SELECT {COLUMNS}
FROM eventstore_event
WHERE position <= %s
ORDER BY position DESC
LIMIT 1
"""

READ_EVENTS = f"""
SELECT {COLUMNS}
FROM eventstore_event
WHERE event_id = ANY(%s)
"""

VERSIONS = """
SELECT stream, max(version)
FROM eventstore_event
WHERE stream = ANY(%s)
GROUP BY stream
"""

MAX_VERSION = 2_147_483_647  # integer of PostgreSQL


@dataclass(frozen=True, slots=True)
class Appended:
    """Where an event was stored, and in which epoch of the log."""

    stream: str
    version: int
    position: int
    recorded_at: datetime
    epoch: int


@dataclass(frozen=True, slots=True)
class StreamAppend:
    """Events for one stream, to follow its version `expected` (0: a new stream)."""

    stream: str
    expected: int
    events: Sequence[NewEvent]


def append(
    stream: str,
    events: Sequence[NewEvent],
    *,
    expected_version: int,
    using: str = "default",
) -> list[Appended]:
    """Stores events as the next versions of a stream: all of them, or none.

    In the caller's transaction where there is one (a conflict then rolls back to
    before this call), else in its own, in one round trip.
    Raises ConcurrencyConflict when the stream is not at expected_version,
    DuplicateEvent when one of the event ids is in the log already.
    """
    appended = append_many(
        [StreamAppend(stream, expected_version, events)], using=using
    )
    if not appended:
        raise errors.ConcurrencyConflict(stream=stream, expected=expected_version)
    return appended


def append_many(
    appends: Sequence[StreamAppend], *, using: str = "default"
) -> list[Appended]:
    """Stores events of many streams in one statement, sorted by stream.

    A stream that is not at its expected version is left out, wholly; the others are
    stored, so compare the streams of the answer. A conflict that shows only at
    commit time of another writer raises ConcurrencyConflict, and nothing is stored.
    Each stream may be named once. Raises DuplicateEvent as `append` does.
    """
    # Sorted: two bulks in opposite orders deadlock on each other's unique keys.
    ordered = sorted(appends, key=lambda each: each.stream)
    if not any(each.events for each in ordered):
        raise ValueError("there are no events to append")
    connection = connections[using]
    try:
        if connection.in_atomic_block:
            with transaction.atomic(using=using):
                appended = _insert(ordered, using)
        else:
            appended = _insert(ordered, using)
    except (IntegrityError, OperationalError) as error:
        conflict = _conflict(error, ordered)
        if conflict is None:
            raise  # as it is: its cause tells what kind of fault it was
        raise conflict from error
    transaction.on_commit(wakeup.hint, using=using)
    return appended


def _insert(appends: Sequence[StreamAppend], using: str) -> list[Appended]:
    ready = encrypting.encrypt(
        [(each.stream, each.events) for each in appends], using=using
    )
    key_ids = list({each.key_id for each in ready if each.key_id})
    *plain, data, metadata = _columns(appends, ready)
    texts = ["\n".join(data), "\n".join(metadata)]
    with connections[using].cursor() as cursor:
        cursor.execute(APPEND, [key_ids, *plain, *texts])
        return [Appended(*row) for row in cursor.fetchall()]


def _columns(appends: Sequence[StreamAppend], ready: list[Ready]) -> list[list[Any]]:
    columns: list[list[Any]] = [[] for _ in range(10)]
    for each, stored in zip(appends, ready, strict=True):
        stream_type = streams.of(each.stream)
        for version, event in enumerate(stored.events, start=each.expected + 1):
            event_type = stream_type.type_of(event.data)
            row = (
                each.stream,
                each.expected,
                version,
                event.event_id,
                event_type.name,
                event_type.schema_version,
                event.occurred_at,
                stored.key_id,
                encode(event.data),
                encode(event.metadata),
            )
            for column, value in zip(columns, row, strict=True):
                column.append(value)
    return columns


def _conflict(
    error: Exception, appends: Sequence[StreamAppend]
) -> errors.EventStoreError | None:
    cause = error.__cause__
    state = getattr(cause, "sqlstate", "")
    constraint = getattr(getattr(cause, "diag", None), "constraint_name", "")
    first = appends[0]
    if constraint == EVENT_ID_KEY:
        return errors.DuplicateEvent(stream=first.stream)
    if constraint == STREAM_VERSION_KEY or state in {
        SERIALIZATION_FAILURE,
        DEADLOCK_DETECTED,
    }:
        return errors.ConcurrencyConflict(stream=first.stream, expected=first.expected)
    return None


def read_stream(
    stream: str,
    *,
    from_version: int = 1,
    to_version: int = MAX_VERSION,
    using: str = "default",
) -> list[RecordedEvent]:
    """A stream's events from_version … to_version, oldest first; [] if it has none."""
    with connections[using].cursor() as cursor:
        cursor.execute(READ_STREAM, [stream, from_version, to_version])
        return [RecordedEvent(*row) for row in cursor.fetchall()]


def read_command(
    stream: str, *, first_event_id: UUID, using: str = "default"
) -> list[RecordedEvent]:
    """The events of the command whose first event has this id; [] if there is none."""
    with connections[using].cursor() as cursor:
        cursor.execute(READ_COMMAND, {"stream": stream, "first": first_event_id})
        return [RecordedEvent(*row) for row in cursor.fetchall()]


def read_settled(
    *,
    after: int,
    limit: int,
    types: Sequence[str] | None = None,
    stream: str | None = None,
    up_to: int | None = None,
    using: str = "default",
) -> list[RecordedEvent]:
    """Settled events with position > after, in position order, at most `limit`.

    types, stream: only of these, under every name that the types were stored under.
    up_to: a settled position already known (else it is asked for first, in a statement
    of its own). Raises NotSettled.
    """
    if up_to is None:
        up_to = settled.position(using=using).settled
    if up_to <= after:
        return []
    named = None if types is None else streams.stored_names(types)
    with connections[using].cursor() as cursor:
        if stream is not None:
            cursor.execute(
                READ_LOG_OF_STREAM, [stream, after, up_to, named, named, limit]
            )
        elif named is None:
            cursor.execute(READ_LOG, [after, up_to, limit])
        else:
            cursor.execute(READ_LOG_OF_TYPES, [after, up_to, named, limit])
        return [RecordedEvent(*row) for row in cursor.fetchall()]


def read_settled_from(
    *, position: int, limit: int, up_to: int, using: str = "default"
) -> list[RecordedEvent]:
    """As read_settled, with the event at `position` itself as the first, if it exists.

    A reader so sees in the same statement whether the event at its checkpoint is
    still the one it knew.
    """
    with connections[using].cursor() as cursor:
        cursor.execute(READ_LOG_FROM, [position, up_to, limit])
        return [RecordedEvent(*row) for row in cursor.fetchall()]


def newest_settled(*, up_to: int, using: str = "default") -> RecordedEvent | None:
    """The newest event at or below a settled position: where a reader may stand."""
    with connections[using].cursor() as cursor:
        cursor.execute(READ_LAST, [up_to])
        row = cursor.fetchone()
        return RecordedEvent(*row) if row else None


def follow_settled(
    *,
    after: int,
    batch_size: int,
    types: Sequence[str] | None = None,
    using: str = "default",
) -> Iterator[RecordedEvent]:
    """All settled events after a position, read in batches until none is left."""
    while batch := read_settled(
        after=after, limit=batch_size, types=types, using=using
    ):
        yield from batch
        after = batch[-1].position


def head(*, using: str = "default") -> int:
    """Position of the newest committed event, settled or not; 0 for an empty log."""
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT coalesce(max(position), 0) FROM eventstore_event")
        return int(cursor.fetchone()[0])


def version_of(stream: str, *, using: str = "default") -> int:
    """The stream's newest version; 0 when it has no events."""
    with connections[using].cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(max(version), 0) FROM eventstore_event WHERE stream = %s",
            [stream],
        )
        found: int = cursor.fetchone()[0]
        return found


def position_before(at: datetime, *, using: str = "default") -> int:
    """The greatest position below every event recorded at or after a time.

    Times of recording do not quite rise with position; reading after the answer so
    misses none, and may begin with a few events that are older.
    """
    with connections[using].cursor() as cursor:
        cursor.execute(
            "SELECT min(position) FROM eventstore_event WHERE recorded_at >= %s", [at]
        )
        (found,) = cursor.fetchone()
    return head(using=using) if found is None else found - 1


def versions_of(streams: Sequence[str], *, using: str = "default") -> dict[str, int]:
    """The newest version of each of the streams that has events, in one statement."""
    with connections[using].cursor() as cursor:
        cursor.execute(VERSIONS, [list(streams)])
        return dict(cursor.fetchall())


def read_events(
    event_ids: Sequence[UUID], *, using: str = "default"
) -> dict[UUID, RecordedEvent]:
    """Those of the events that are in the log, by id, in one statement."""
    with connections[using].cursor() as cursor:
        cursor.execute(READ_EVENTS, [list(event_ids)])
        recorded = [RecordedEvent(*row) for row in cursor.fetchall()]
        return {each.event_id: each for each in recorded}
