"""Snapshots of long streams: a command folds at most `snapshot.frequency` events.

A snapshot is a copy that may vanish or be wrong at any time. It counts only while the
log has the very event it was made at and the code is the one that made it; otherwise
the stream is folded from its beginning, and the next command makes another one.
"""

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import Error, connections, transaction

from eventstore import states, store
from eventstore.events import RecordedEvent
from eventstore.person_keys import Key
from eventstore.streams import StreamType

logger = logging.getLogger(__name__)

# Newest first: a short stream is there as a whole, in one plain statement, and no
# snapshot is asked for; of a long one they reach back to where its snapshot stands.
READ_NEWEST = f"""
SELECT {store.COLUMNS}
FROM eventstore_event
WHERE stream = %s
ORDER BY version DESC
LIMIT %s
"""

FIND = """
SELECT version, event_id, recorded_at, state, key_id,
       (SELECT k.wrapped FROM eventstore_key k WHERE k.key_id = s.key_id)
FROM eventstore_snapshot s
WHERE stream = %s AND fingerprint = %s
"""

# What other code made goes after a while: during a deployment both are at work. A state
# whose person was forgotten meanwhile is not written.
WRITE = """
WITH held AS MATERIALIZED (
    SELECT key_id FROM eventstore_key WHERE key_id = %(key_id)s FOR KEY SHARE
),
outdated AS (
    DELETE FROM eventstore_snapshot
    WHERE stream = %(stream)s
      AND fingerprint <> %(fingerprint)s
      AND created_at < now() - interval '1 hour'
)
INSERT INTO eventstore_snapshot AS kept
    (stream, fingerprint, version, event_id, recorded_at, state, key_id, created_at)
SELECT %(stream)s, %(fingerprint)s, %(version)s, %(event_id)s, %(recorded_at)s,
       %(state)s, %(key_id)s, now()
WHERE %(key_id)s = '' OR EXISTS (SELECT FROM held)
ON CONFLICT (stream, fingerprint) DO UPDATE
SET version = excluded.version,
    event_id = excluded.event_id,
    recorded_at = excluded.recorded_at,
    state = excluded.state,
    key_id = excluded.key_id,
    created_at = excluded.created_at
WHERE excluded.version > kept.version
"""

DROP = """
DELETE FROM eventstore_snapshot
WHERE stream = %s AND fingerprint = %s AND version = %s
"""

DROP_ALL = """
DELETE FROM eventstore_snapshot
WHERE stream = ANY(%s)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """Where a fold begins: the state after `event`, if any, and what follows it.

    key: what encrypted the state.
    """

    state: Any = None
    key: Key | None = None
    event: RecordedEvent | None = None
    events: Sequence[RecordedEvent]

    @property
    def version(self) -> int:
        return self.event.version if self.event else 0

    @property
    def keys(self) -> frozenset[Key]:
        """All that decrypt what the fold is made of."""
        found = {self.key, *(each.key for each in self.events)}
        return frozenset(each for each in found if each)


@dataclass(frozen=True, slots=True)
class _Kept:
    version: int
    event_id: UUID
    recorded_at: datetime
    state: bytes
    key_id: str
    wrapped: bytes | None

    @property
    def key(self) -> Key | None:
        """Raises UnreadableState when it is gone."""
        if not self.key_id:
            return None
        if self.wrapped is None:
            raise states.UnreadableState("its person is forgotten")
        return Key(self.key_id, self.wrapped)

    def is_at(self, event: RecordedEvent) -> bool:
        # An id alone would not do: after a restore a repeated command gives its
        # events the same ids, perhaps on another history.
        return (self.version, self.event_id, self.recorded_at) == (
            event.version,
            event.event_id,
            event.recorded_at,
        )


def are_kept(stream_type: StreamType) -> bool:
    return settings.CQRS.command_side.snapshot.enabled and stream_type.state is not None


def read(stream_type: StreamType, stream: str) -> Beginning:
    """The usable snapshot of a long stream and the events after it; else all events.

    A snapshot that is there and not usable is logged and dropped.
    """
    newest = _newest(stream, _frequency() + 1)
    if len(newest) <= _frequency():
        return Beginning(events=newest)
    fingerprint = states.fingerprint(stream_type)
    kept = _find(stream, fingerprint)
    if kept is None:
        return Beginning(events=_all(stream, newest))
    events = _from(kept.version, stream, newest)
    if not events or not kept.is_at(events[0]):
        _drop(stream, fingerprint, kept.version, "the log does not have its event")
        return Beginning(events=_all(stream, newest))
    try:
        key = kept.key
        state = states.decode(kept.state, stream_type, key=key, stream=stream)
    except states.UnreadableState as error:
        _drop(stream, fingerprint, kept.version, str(error))
        return Beginning(events=_all(stream, newest))
    return Beginning(state=state, key=key, event=events[0], events=events[1:])


def drop(streams: Sequence[str]) -> None:
    """Deletes all snapshots of these streams; in the caller's transaction, if any."""
    with connections["default"].cursor() as cursor:
        cursor.execute(DROP_ALL, [list(streams)])


def _newest(stream: str, limit: int) -> list[RecordedEvent]:
    """Oldest first."""
    with connections["default"].cursor() as cursor:
        cursor.execute(READ_NEWEST, [stream, limit])
        return [RecordedEvent(*row) for row in reversed(cursor.fetchall())]


def _find(stream: str, fingerprint: str) -> _Kept | None:
    with connections["default"].cursor() as cursor:
        cursor.execute(FIND, [stream, fingerprint])
        row = cursor.fetchone()
    if row is None:
        return None
    version, event_id, recorded_at, state, key_id, wrapped = row
    return _Kept(
        version, event_id, recorded_at, bytes(state), key_id, wrapped and bytes(wrapped)
    )


def _from(
    version: int, stream: str, newest: Sequence[RecordedEvent]
) -> Sequence[RecordedEvent]:
    """The stream's events from a version on."""
    if newest[0].version <= version <= newest[-1].version:
        return newest[version - newest[0].version :]
    # A writer has gone on since they were read, or the frequency was another one.
    return store.read_stream(stream, from_version=version)


def _all(stream: str, newest: Sequence[RecordedEvent]) -> list[RecordedEvent]:
    older = store.read_stream(stream, to_version=newest[0].version - 1)
    return [*older, *newest]


def is_due(*, since: int, version: int, appending: int) -> bool:
    """Whether the next load would read more than `frequency` events after `since`.

    since: the version of the snapshot there is; version: of the stream as it was
    loaded; appending: number of events that follow it now.
    """
    return version > since and version + appending - since > _frequency()


def _frequency() -> int:
    frequency: int = settings.CQRS.command_side.snapshot.frequency
    return frequency


def keep(
    stream_type: StreamType,
    state: Any,
    *,
    at: RecordedEvent,
    keys: Collection[Key],
) -> None:
    """Stores the state that the stream had after the event `at`, folded from the log.

    keys: what decrypted the texts in it, so that it is unreadable without. None is
    stored for several: a former key is gone by the time the person has another.
    After the commit of the caller's transaction, and without an error for the caller:
    what fails is logged, and the next command makes the snapshot.
    """
    if len(keys) > 1:
        return
    key = next(iter(keys), None)
    transaction.on_commit(lambda: _write(stream_type, state, at, key), robust=True)


def _write(
    stream_type: StreamType, state: Any, at: RecordedEvent, key: Key | None
) -> None:
    values: dict[str, Any] = {
        "stream": at.stream,
        "fingerprint": states.fingerprint(stream_type),
        "version": at.version,
        "event_id": at.event_id,
        "recorded_at": at.recorded_at,
        "state": states.encode(state, key=key, stream=at.stream),
        "key_id": key.id if key else "",
    }
    _execute(WRITE, values)


def _drop(stream: str, fingerprint: str, version: int, why: str) -> None:
    logger.warning("the snapshot of %s at version %s: %s", stream, version, why)
    values = [stream, fingerprint, version]
    transaction.on_commit(lambda: _execute(DROP, values), robust=True)


def _execute(sql: str, values: Any) -> None:
    try:
        with connections["default"].cursor() as cursor:
            cursor.execute(sql, values)
    except Error as error:
        # Not its text, which may show the row: states have personal data.
        state = getattr(error.__cause__, "sqlstate", "")
        kind = type(error).__name__
        logger.warning("a snapshot was not written: %s %s", kind, state)
