"""How many settled events come after positions of the log, and how old they are."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connections

# Counting beyond this many events costs more than it tells; then the distance of the
# positions stands for it (holes make it a little larger).
COUNTED = 10_000

# One statement for any number of positions. In order of position, so that it reads an
# index from there on and never the table from its beginning. The age is by the clock of
# the log's server, which wrote recorded_at: all processes get the same.
BEHIND = """
SELECT stand.position,
       counted.events,
       greatest(extract(epoch FROM clock_timestamp() - oldest.recorded_at), 0)
FROM unnest(%(positions)s::bigint[]) AS stand(position)
CROSS JOIN LATERAL (
    SELECT count(*) AS events
    FROM (
        SELECT
        FROM eventstore_event
        WHERE position > stand.position AND position <= %(up_to)s
        ORDER BY position
        LIMIT %(limit)s
    ) bounded
) counted
LEFT JOIN LATERAL (
    SELECT recorded_at
    FROM eventstore_event
    WHERE position > stand.position AND position <= %(up_to)s
    ORDER BY position
    LIMIT 1
) oldest ON true
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lag:
    """events: settled, after the position; seconds: age of the oldest, 0 for none."""

    events: int
    seconds: float


def behind(positions: Iterable[int], *, up_to: int) -> dict[int, Lag]:
    """By position; up_to: the settled position, read before."""
    with connections["default"].cursor() as cursor:
        cursor.execute(
            BEHIND,
            {"positions": sorted(set(positions)), "up_to": up_to, "limit": COUNTED},
        )
        return {
            position: Lag(
                events=_counted(events, distance=up_to - position),
                seconds=float(seconds or 0),
            )
            for position, events, seconds in cursor.fetchall()
        }


def _counted(events: int, *, distance: int) -> int:
    return events if events < COUNTED else max(events, distance)
