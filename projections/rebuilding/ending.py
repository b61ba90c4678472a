"""How a rebuild ends without a swap, and how kept tables go: nothing is left behind."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, connections, transaction

from projections import checkpoints, errors, operations, registry, tables
from projections.models import Checkpoint, DeadLetter, Operation
from projections.projection import Projection

logger = logging.getLogger(__name__)

USING = "read"
Role, State = Checkpoint.Role, Checkpoint.State

# What a worker does to a table that is to be dropped is broken off; then the lock comes
# at once. Longer than that somebody else holds the table, a dump perhaps. Milliseconds.
LOCK_TIMEOUT_MS = 2_000
INTERRUPT = f"""
SELECT pg_cancel_backend(l.pid)
FROM pg_locks l
JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.relation = ANY(%s::regclass[])
  AND l.granted
  AND l.pid <> pg_backend_pid()
  AND (a.query LIKE 'VACUUM%%' OR EXISTS (
      SELECT FROM pg_locks of_worker
      WHERE of_worker.pid = l.pid
        AND of_worker.locktype = 'advisory'
        AND of_worker.classid::bigint >> 16 = {operations.LOCK_SPACE}
  ))
"""
LOCK_NOT_AVAILABLE = "55P03"


def cancel(operation: Operation) -> None:
    """Ends a rebuild or roll back that is under way; in the caller's transaction.

    Raises NotAllowedInState when it has ended meanwhile, or a table is held.
    """
    _end(operation, Operation.State.CANCELLED, note="")
    if operation.kind == Operation.Kind.REBUILD:
        drop_shadow(registry.get(operation.projection))


def fail(operation: Operation, note: str) -> None:
    """Ends it for a fault of the code or the tables; `note` says which.

    Tables that another session holds stay, without checkpoints, so that nobody writes
    them: the next rebuild drops them.
    """
    with transaction.atomic(using=USING):
        _end(operation, Operation.State.FAILED, note=note)
        if operation.kind != Operation.Kind.REBUILD:
            return
        try:
            with transaction.atomic(using=USING):
                drop_shadow(registry.get(operation.projection))
        except errors.NotAllowedInState as error:
            logger.warning("%s failed: %s", operation, error)


def discard(name: str) -> None:
    """Drops the kept tables. Raises UnknownProjection, NotAllowedInState."""
    projection = registry.get(name)
    kept = checkpoints.locked(name, Role.KEPT)
    if not kept:
        raise errors.NotAllowedInState(f"{name} has no kept tables")
    current = operations.current(name)
    if current and current.kind == Operation.Kind.ROLLBACK:
        raise errors.NotAllowedInState(
            f"{name} is being rolled back to its kept tables"
        )
    _forget_records(projection, Role.KEPT)
    _drop(projection, tables.KEPT)


def drop_shadow(projection: Projection) -> None:
    """Drops shadow tables, if there are some, in the caller's transaction.

    Raises NotAllowedInState while another session holds one.
    """
    _drop(projection, tables.SHADOW)


def forget(projection: Projection, role: Checkpoint.Role) -> None:
    """Drops a role's tables, checkpoints and dead letters; their leases are held.

    Waits for a table as long as the caller's lock_timeout allows.
    """
    _forget_records(projection, role)
    tables.drop(projection, tables.schema_of(role))


def _forget_records(projection: Projection, role: Checkpoint.Role) -> None:
    found = Checkpoint.objects.filter(projection=projection.name, role=role)
    generations = found.values_list("generation", flat=True)
    DeadLetter.objects.filter(
        projection=projection.name, generation__in=list(generations)
    ).delete()
    found.delete()


def _drop(projection: Projection, schema: str) -> None:
    """Raises NotAllowedInState while a table is held by others than our workers."""
    names = tables.left([table.name for table in projection.tables], schema)
    if not names:
        return
    with connections[USING].cursor() as cursor:
        cursor.execute(INTERRUPT, [[tables.qualified(each, schema) for each in names]])
    with waiting_briefly(projection, schema):
        tables.drop(projection, schema)


@contextmanager
def waiting_briefly(projection: Projection, schema: str) -> Iterator[None]:
    """For what needs tables for itself, in the caller's transaction.

    Raises NotAllowedInState while another session holds one.
    """
    with connections[USING].cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT_MS}ms'")
    try:
        yield
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") != LOCK_NOT_AVAILABLE:
            raise
        raise errors.NotAllowedInState(
            f"a table of {projection.name} in {schema} is held by another session, "
            "a dump perhaps: try again when it has ended"
        ) from error


def _end(operation: Operation, state: Operation.State, *, note: str) -> None:
    projection = registry.get(operation.projection)
    checkpoints.locked(operation.projection)  # no batch and no swap is at work
    operation.refresh_from_db()
    if not operations.end(operation, state, note=note):
        raise errors.NotAllowedInState(f"{operation} is {operation.state} already")
    if operation.kind == Operation.Kind.REBUILD:
        _forget_records(projection, Role.SHADOW)
        return
    kept = Checkpoint.objects.filter(projection=projection.name, role=Role.KEPT)
    # Those that left this log stay marked: nobody may roll back to them.
    kept.exclude(state=State.FAULTED).update(state=State.RESTING)
