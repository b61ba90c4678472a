"""Streams that events since some time touch, and everything that happened in them."""

from collections.abc import Sequence
from datetime import datetime

from django.db import connections

from eventstore.events import RecordedEvent
from eventstore.store import COLUMNS, MAX_VERSION

READ_STREAMS = f"""
SELECT {COLUMNS}
FROM eventstore_event
WHERE stream = ANY(%s) AND position <= %s
ORDER BY position
"""

# In order of the index on (stream, version): a call goes on where the last one ended.
STREAMS_SINCE = """
SELECT DISTINCT stream
FROM eventstore_event
WHERE stream > %s
  AND starts_with(stream, %s)
  AND position <= %s
  AND occurred_at >= %s
ORDER BY stream
LIMIT %s
"""


def streams_since(
    at: datetime,
    *,
    stream_type: str,
    up_to: int,
    after: str = "",
    limit: int = MAX_VERSION,
    using: str = "default",
) -> list[str]:
    """Streams of a type with an event that occurred at `at` or later.

    up_to: events beyond this position do not count. In order of their names, those
    greater than `after`, at most `limit`.
    """
    with connections[using].cursor() as cursor:
        cursor.execute(STREAMS_SINCE, [after, f"{stream_type}-", up_to, at, limit])
        return [stream for (stream,) in cursor.fetchall()]


def read_streams(
    streams: Sequence[str], *, up_to: int, using: str = "default"
) -> list[RecordedEvent]:
    """All events of these streams up to a position, in position order."""
    with connections[using].cursor() as cursor:
        cursor.execute(READ_STREAMS, [list(streams), up_to])
        return [RecordedEvent(*row) for row in cursor.fetchall()]
