"""Some streams of the log: those of its newest events, and of events anywhere in it."""

from collections.abc import Sequence

from django.db import connections

# One look into the index of positions each; positions have holes.
STREAMS_AT = """
SELECT e.stream
FROM unnest(%s::bigint[]) AS x (position)
CROSS JOIN LATERAL (
    SELECT stream
    FROM eventstore_event
    WHERE position >= x.position AND position <= %s
    ORDER BY position
    LIMIT 1
) AS e
"""
NEWEST_STREAMS = """
SELECT stream
FROM eventstore_event
WHERE position <= %s
ORDER BY position DESC
LIMIT %s
"""


def streams_at(
    positions: Sequence[int], *, up_to: int, using: str = "default"
) -> list[str]:
    """The streams of the events at these positions, or next behind them; distinct.

    up_to: events beyond this position do not count.
    """
    with connections[using].cursor() as cursor:
        cursor.execute(STREAMS_AT, [list(positions), up_to])
        return list(dict.fromkeys(stream for (stream,) in cursor.fetchall()))


def newest_streams(*, up_to: int, events: int, using: str = "default") -> list[str]:
    """The streams of so many newest events up to a position, the newest first."""
    with connections[using].cursor() as cursor:
        cursor.execute(NEWEST_STREAMS, [up_to, events])
        return list(dict.fromkeys(stream for (stream,) in cursor.fetchall()))
