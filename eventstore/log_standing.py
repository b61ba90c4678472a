"""Where the log ends, how far readers may go, and who holds them back."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connections

from eventstore import settled
from eventstore.settled import OpenAppend

# Committed events behind an open append: the oldest tells how long readers wait. Its
# age is by the clock of the log's server, so that all who ask get the same.
STANDING = """
SELECT (SELECT coalesce(max(position), 0) FROM eventstore_event),
       waiting.recorded_at,
       greatest(extract(epoch FROM clock_timestamp() - waiting.recorded_at), 0)
FROM (SELECT) one
LEFT JOIN LATERAL (
    SELECT recorded_at
    FROM eventstore_event
    WHERE position > %(settled)s AND position <= %(last)s
    ORDER BY position
    LIMIT 1
) waiting ON true
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogStanding:
    """head: position of the newest committed event, 0 for an empty log; last: the last
    position ever drawn; settled: readers may go so far.

    open_appends: that have not ended; oldest_open_append: the one that holds readers
    back, None where nobody does, or it has just ended.
    waiting_at_most: events behind it that may wait; positions that roll back are among
    them. waiting_since, waiting_seconds: of the oldest committed event that waits; None
    and 0 when there is none.
    """

    head: int
    last: int
    settled: int
    open_appends: int
    oldest_open_append: OpenAppend | None
    waiting_at_most: int
    waiting_since: datetime | None
    waiting_seconds: float


def now(*, using: str = "default") -> LogStanding:
    """Two statements, three while an append is open. Raises NotSettled."""
    position = settled.position(using=using)
    with connections[using].cursor() as cursor:
        cursor.execute(STANDING, {"settled": position.settled, "last": position.last})
        head, since, seconds = cursor.fetchone()
    holds = settled.oldest_open_append(using=using) if position.open_appends else None
    return LogStanding(
        head=head,
        last=position.last,
        settled=position.settled,
        open_appends=position.open_appends,
        oldest_open_append=holds,
        waiting_at_most=position.last - position.settled,
        waiting_since=since,
        waiting_seconds=float(seconds or 0),
    )
