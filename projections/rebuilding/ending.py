"""How a rebuild ends without a swap, and how kept tables go: nothing is left behind."""

from django.db import connections, transaction

from projections import checkpoints, errors, operations, registry, tables
from projections.models import Checkpoint, DeadLetter, Operation
from projections.projection import Projection

USING = "read"
Role, State = Checkpoint.Role, Checkpoint.State

# A statement that works on a table to be dropped is broken off; then the lock comes at
# once. Longer than that somebody else holds the table.
DROP_TIMEOUT = "SET LOCAL lock_timeout = '5s'"
INTERRUPT = """
SELECT pg_cancel_backend(pid)
FROM pg_locks
WHERE relation = ANY(%s::regclass[]) AND granted AND pid <> pg_backend_pid()
"""


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
    forget(projection, Role.KEPT)


def forget(projection: Projection, role: Checkpoint.Role) -> None:
    """Drops a role's tables, checkpoints and dead letters; their leases are held."""
    schema = tables.schema_of(role)
    found = Checkpoint.objects.filter(projection=projection.name, role=role)
    generations = found.values_list("generation", flat=True)
    DeadLetter.objects.filter(
        projection=projection.name, generation__in=list(generations)
    ).delete()
    found.delete()
    names = tables.left([table.name for table in projection.tables], schema)
    with connections[USING].cursor() as cursor:
        cursor.execute(INTERRUPT, [[tables.qualified(each, schema) for each in names]])
        cursor.execute(DROP_TIMEOUT)
    tables.drop(projection, schema)


def _end(operation: Operation, state: Operation.State, *, note: str) -> None:
    projection = registry.get(operation.projection)
    checkpoints.locked(operation.projection)  # no batch and no swap is at work
    operation.refresh_from_db()
    if not operations.end(operation, state, note=note):
        raise errors.NotAllowedInState(f"{operation} is {operation.state} already")
    if operation.kind == Operation.Kind.REBUILD:
        forget(projection, Role.SHADOW)
        return
    Checkpoint.objects.filter(projection=projection.name, role=Role.KEPT).update(
        state=State.RESTING
    )
