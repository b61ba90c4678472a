"""How far readers of the log may go, and what holds them back.

Positions come from a sequence, so transactions commit out of order and leave holes.
At or below the settled position every event has committed or never will; see
docs/adr/0001-settled-position.md for the proof and the traps.
"""

from dataclasses import dataclass

from django.db import connections
from django.db.utils import OperationalError

from eventstore import errors

SETTLED = "SELECT settled, last, open_appends FROM eventstore_settled()"

# The lowest floor holds readers back, whichever transaction began first.
# A prepared transaction holds its lock without a session: it is found by the lock on
# its own transaction id, and its age comes from pg_prepared_xacts. xact_start of other
# roles' sessions needs pg_read_all_stats.
OLDEST_OPEN_APPEND = """
WITH locks AS MATERIALIZED (SELECT * FROM pg_locks)
SELECT l.pid,
       extract(epoch FROM clock_timestamp() - coalesce(a.xact_start, p.prepared)),
       coalesce(a.application_name, 'prepared transaction ' || p.gid)
FROM locks l
LEFT JOIN pg_stat_activity a ON a.pid = l.pid
LEFT JOIN (
    locks own JOIN pg_prepared_xacts p ON p.transaction = own.transactionid
) ON l.pid IS NULL
    AND own.pid IS NULL
    AND own.virtualtransaction = l.virtualtransaction
WHERE l.locktype = 'advisory'
  AND l.objsubid = 1
  AND l.classid::bigint >> 16 = 7
  AND l.mode = 'ShareLock'
  AND l.granted
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
ORDER BY ((l.classid::bigint & 65535) << 32) | l.objid::bigint,
         coalesce(a.xact_start, p.prepared)
LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Settled:
    """settled: all at or below it is decided; last: last position ever drawn."""

    settled: int
    last: int
    open_appends: int


@dataclass(frozen=True, slots=True)
class OpenAppend:
    """An append that is still open: its session (None: prepared), and the age of its
    transaction in seconds (None where we may not see it).
    """

    pid: int | None
    age: float | None
    application: str


def position(*, using: str = "default") -> Settled:
    """The settled position now. The events are to be read in a later statement.

    Not monotone: a slow append can take a lower floor afterwards, so a value at or
    below where a reader stands means "nothing new". Never stored: what is stored is
    the position of a committed event at or below it.
    Raises NotSettled on a standby or outside READ COMMITTED.
    """
    with connections[using].cursor() as cursor:
        try:
            cursor.execute(SETTLED)
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", "") == "55000":
                raise errors.NotSettled(str(error).splitlines()[0]) from error
            raise
        return Settled(*cursor.fetchone())


def oldest_open_append(*, using: str = "default") -> OpenAppend | None:
    """The append that holds the settled position back, if there is one."""
    with connections[using].cursor() as cursor:
        cursor.execute(OLDEST_OPEN_APPEND)
        row = cursor.fetchone()
    if row is None:
        return None
    pid, age, application = row
    return OpenAppend(pid, None if age is None else float(age), application)
