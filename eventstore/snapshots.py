"""Snapshots of long streams: a command folds at most `snapshot.frequency` events.

A snapshot is a copy that may vanish or be wrong at any time. It counts only while the
log has the very event it was made at and the code is the one that made it; otherwise
the stream is folded from its beginning, and the next command makes another one.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import Error, connections, transaction

from eventstore import states, store
from eventstore.events import RecordedEvent
from eventstore.streams import StreamType

logger = logging.getLogger(__name__)

# One statement, so that snapshot and events are of one moment, and a short stream
# costs no second query. `usable`: an event id alone would not do. After a restore a
# repeated command gives its events the same ids, perhaps on another history.
READ = f"""
WITH kept AS (
    SELECT stream, version, event_id, recorded_at, state
    FROM eventstore_snapshot
    WHERE stream = %(stream)s AND fingerprint = %(fingerprint)s
),
usable AS (
    SELECT kept.version, kept.state
    FROM kept
    JOIN eventstore_event USING (stream, version, event_id, recorded_at)
)
SELECT {store.COLUMNS},
    (SELECT version FROM kept) AS snapshot_version,
    CASE
        WHEN version = (SELECT version FROM usable) THEN (SELECT state FROM usable)
    END AS snapshot_state
FROM eventstore_event
WHERE stream = %(stream)s
  AND version >= coalesce((SELECT version FROM usable), 1)
ORDER BY version
"""

# What other code made goes after a while: during a deployment both are at work.
WRITE = """
WITH outdated AS (
    DELETE FROM eventstore_snapshot
    WHERE stream = %(stream)s
      AND fingerprint <> %(fingerprint)s
      AND created_at < now() - interval '1 hour'
)
INSERT INTO eventstore_snapshot AS kept
    (stream, fingerprint, version, event_id, recorded_at, state, created_at)
VALUES
    (%(stream)s, %(fingerprint)s, %(version)s, %(event_id)s, %(recorded_at)s,
     %(state)s, now())
ON CONFLICT (stream, fingerprint) DO UPDATE
SET version = excluded.version,
    event_id = excluded.event_id,
    recorded_at = excluded.recorded_at,
    state = excluded.state,
    created_at = excluded.created_at
WHERE excluded.version > kept.version
"""

DROP = """
DELETE FROM eventstore_snapshot
WHERE stream = %s AND fingerprint = %s AND version = %s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """Where a fold begins: the state after `event`, if any, and what follows it."""

    state: Any = None
    event: RecordedEvent | None = None
    events: Sequence[RecordedEvent]

    @property
    def version(self) -> int:
        return self.event.version if self.event else 0


def are_kept(stream_type: StreamType) -> bool:
    return settings.CQRS.command_side.snapshot.enabled and stream_type.state is not None


def read(stream_type: StreamType, stream: str) -> Beginning:
    """The newest usable snapshot and the events after it; else all of them.

    A snapshot that is there and not usable is logged and dropped.
    """
    fingerprint = states.fingerprint(stream_type)
    with connections["default"].cursor() as cursor:
        cursor.execute(READ, {"stream": stream, "fingerprint": fingerprint})
        rows = cursor.fetchall()
    if not rows:
        return Beginning(events=[])
    events = [RecordedEvent(*row[:-2]) for row in rows]
    version, stored = rows[0][-2:]
    if version is None:
        return Beginning(events=events)
    if stored is None:
        _drop(stream, fingerprint, version, "the log does not have its event")
        return Beginning(events=events)
    try:
        state = states.decode(bytes(stored), stream_type)
    except states.UnreadableState as error:
        _drop(stream, fingerprint, version, str(error))
        return Beginning(events=store.read_stream(stream))
    return Beginning(state=state, event=events[0], events=events[1:])


def is_due(*, since: int, version: int, appending: int) -> bool:
    """Whether the next load would read more than `frequency` events after `since`.

    since: the version of the snapshot there is; version: of the stream as it was
    loaded; appending: number of events that follow it now.
    """
    frequency: int = settings.CQRS.command_side.snapshot.frequency
    return version > since and version + appending - since > frequency


def keep(stream_type: StreamType, state: Any, *, at: RecordedEvent) -> None:
    """Stores the state that the stream had after the event `at`, folded from the log.

    After the commit of the caller's transaction, and without an error for the caller:
    what fails is logged, and the next command makes the snapshot.
    """
    transaction.on_commit(lambda: _write(stream_type, state, at), robust=True)


def _write(stream_type: StreamType, state: Any, at: RecordedEvent) -> None:
    values: dict[str, Any] = {
        "stream": at.stream,
        "fingerprint": states.fingerprint(stream_type),
        "version": at.version,
        "event_id": at.event_id,
        "recorded_at": at.recorded_at,
        "state": states.encode(state),
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
