"""How a rebuild ends without a swap, and how kept tables go: nothing is left behind."""

from django.db import OperationalError, connections, transaction

from projections import checkpoints, errors, operations, registry, tables
from projections.models import Checkpoint, DeadLetter, Operation
from projections.projection import Projection

USING = "read"
Role, State = Checkpoint.Role, Checkpoint.State

# What a worker does to a table that is to be dropped is broken off; then the lock comes
# at once. Longer than that somebody else holds the table, a dump perhaps. Milliseconds.
DROP_TIMEOUT_MS = 2_000
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

    Raises NotAllowedInState when it has ended meanwhile.
    """
    _end(operation, Operation.State.CANCELLED, note="")


def fail(operation: Operation, note: str) -> None:
    """Ends it for a fault of the code or the tables; `note` says which."""
    with transaction.atomic(using=USING):
        _end(operation, Operation.State.FAILED, note=note)


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
    _forget(projection, Role.KEPT)


def forget(projection: Projection, role: Checkpoint.Role) -> None:
    """Drops a role's tables, checkpoints and dead letters; their leases are held.

    Waits for a table as long as the caller's lock_timeout allows.
    """
    schema = tables.schema_of(role)
    found = Checkpoint.objects.filter(projection=projection.name, role=role)
    generations = found.values_list("generation", flat=True)
    DeadLetter.objects.filter(
        projection=projection.name, generation__in=list(generations)
    ).delete()
    found.delete()
    tables.drop(projection, schema)


def _forget(projection: Projection, role: Checkpoint.Role) -> None:
    """As `forget`, for an operator. Raises NotAllowedInState while a table is held."""
    schema = tables.schema_of(role)
    names = tables.left([table.name for table in projection.tables], schema)
    with connections[USING].cursor() as cursor:
        cursor.execute(INTERRUPT, [[tables.qualified(each, schema) for each in names]])
        cursor.execute(f"SET LOCAL lock_timeout = '{DROP_TIMEOUT_MS}ms'")
    try:
        forget(projection, role)
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
        _forget(projection, Role.SHADOW)
        return
    Checkpoint.objects.filter(projection=projection.name, role=Role.KEPT).update(
        state=State.RESTING
    )
