"""Puts the coming tables into the place of the live ones, in one short transaction."""

import logging
import random
import time
from collections.abc import Sequence

from django.db import OperationalError, connections
from django.db.models import Max
from django.utils import timezone

from eventstore import log
from projections import batch, checkpoints, operations, registry, tables
from projections.models import Checkpoint, Operation
from projections.projection import Projection
from projections.rebuilding import ending, generations

logger = logging.getLogger(__name__)

USING = "read"
Role, State = Checkpoint.Role, Checkpoint.State

# Whoever asks for a table queues behind our request for it: the first tries are short,
# so that readers hardly notice. A later one outlasts an autovacuum, which gives way
# only after deadlock_timeout (1 s). Milliseconds.
FIRST_TIMEOUT_MS = 100
LONGEST_TIMEOUT_MS = 2_000
LOCK_NOT_AVAILABLE = "55P03"
# Positions that are bridged while all leases are held; more is left to followers.
AT_MOST = 5_000

BLOCKER = """
SELECT a.pid, a.application_name, a.usename, a.state,
       extract(epoch FROM clock_timestamp() - a.xact_start)::int
FROM pg_locks l
JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.relation = ANY(%s::regclass[]) AND l.granted AND l.pid <> pg_backend_pid()
ORDER BY a.xact_start
LIMIT 1
"""

# By operation: the time-out of its next try, in this process.
_timeouts: dict[int, int] = {}


def step(operation: Operation) -> bool:
    """One try; when a table cannot be had in time, readers go on and `note` says who
    holds it.
    """
    projection = registry.get(operation.projection)
    timeout = _timeouts.get(operation.pk, FIRST_TIMEOUT_MS)
    try:
        with operations.leased(operation) as ours:
            return ours and _swap(operation, projection, timeout)
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") != LOCK_NOT_AVAILABLE:
            raise
    _timeouts[operation.pk] = min(2 * timeout, LONGEST_TIMEOUT_MS)
    operations.note(operation, note=_blocker(projection))
    time.sleep(random.uniform(0.5, 1.5) * timeout / 1000)
    return True


def _swap(operation: Operation, projection: Projection, timeout: int) -> bool:
    found = checkpoints.locked(projection.name)
    operation.refresh_from_db()
    if operation.state != Operation.State.SWAPPING:
        return False  # cancelled while we waited for the leases
    live = [each for each in found if each.role == Role.LIVE]
    role = generations.role_of(operation)
    coming = [each for each in found if each.role == role]
    if any(each.state == State.PAUSED for each in live):
        operations.note(operation, note="paused: resume it, or cancel this")
        return False
    if not _level(projection, live, coming):
        return operations.move(operation, Operation.State.TAILING)
    blocked = _exchange(projection, role, timeout)
    _change_roles(projection.name, role)
    operations.end(
        operation,
        Operation.State.FINISHED,
        done=coming[0].position,
        total=coming[0].position,
        result={
            **operation.result,
            "position": coming[0].position,
            "replaced_version": live[0].version,
            "blocked_readers_at_most_ms": round(blocked * 1000, 1),
            "seconds": round(
                (timezone.now() - operation.started_at).total_seconds(), 1
            ),
        },
    )
    _timeouts.pop(operation.pk, None)
    return True


def _level(
    projection: Projection, live: Sequence[Checkpoint], coming: Sequence[Checkpoint]
) -> bool:
    """Runs the coming tables to where the live ones stand; False: too far for now.

    A reader who has seen a position so never sees an older one.
    """
    there = [each.position for each in live if each.state != State.FAULTED]
    target = max([*there, *(each.position for each in coming)])
    if target - min(each.position for each in coming) > AT_MOST:
        return False
    epoch = log.identity().epoch
    for each in coming:
        batch.run_to(projection, each, target, epoch=epoch)
    return True


def _exchange(projection: Projection, role: Checkpoint.Role, timeout: int) -> float:
    """Seconds for which readers may have waited, the queueing for the lock included."""
    with connections[USING].cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{timeout}ms'")
    tables.align(projection, tables.schema_of(role))
    if role == Role.SHADOW:
        ending.forget(projection, Role.KEPT)
        moves = [("", tables.KEPT), (tables.SHADOW, "")]
    else:
        # Those of a rebuild that failed while a session held them.
        tables.drop(projection, tables.SHADOW)
        moves = [("", tables.SHADOW), (tables.KEPT, ""), (tables.SHADOW, tables.KEPT)]
    began = time.monotonic()
    tables.lock(projection)
    tables.move(projection, moves)
    return time.monotonic() - began


def _change_roles(name: str, role: Checkpoint.Role) -> None:
    """The coming generation goes live, and the live one is kept."""
    of = Checkpoint.objects.filter(projection=name)
    coming = list(of.filter(role=role).values_list("pk", flat=True))
    live = list(of.filter(role=Role.LIVE).values_list("pk", flat=True))
    if role == Role.KEPT:  # makes room: a role belongs to one generation
        of.filter(pk__in=coming).update(role=Role.SHADOW)
    # Above all former ones: a generation that comes back finds no copy of its first
    # time to be right again.
    newest = of.aggregate(newest=Max("cache_epoch"))["newest"]
    of.filter(pk__in=live).update(role=Role.KEPT)
    of.filter(pk__in=coming).update(
        role=Role.LIVE, state=State.RUNNING, cache_epoch=newest + 1
    )
    # One that left this log stays marked: nobody may roll back to it.
    of.filter(pk__in=live).exclude(state=State.FAULTED).update(state=State.RESTING)


def _blocker(projection: Projection) -> str:
    names = [table.name for table in projection.tables]
    held = [tables.qualified(name) for name in names]
    held += [
        tables.qualified(name, schema)
        for schema in (tables.KEPT, tables.SHADOW)
        for name in tables.left(names, schema)
    ]
    with connections[USING].cursor() as cursor:
        cursor.execute(BLOCKER, [held])
        row = cursor.fetchone()
    if row is None:
        return "a table was held; whoever held it has let it go"
    pid, application, user, state, age = row
    return (
        f"session {pid} ({application or 'no name'}, user {user}, {state or 'hidden'}) "
        f"has held a table for {age if age is not None else '?'} s"
    )
