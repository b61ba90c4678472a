"""Long actions as rows: begun by the door, taken from state to state by workers."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone

from projections import audit, errors, leases
from projections.audit import Entry
from projections.models import Operation

USING = "read"

# One worker at a time takes a step that must not be taken twice at once. The lock ends
# with the transaction, so it works behind a pooler and is gone with the worker.
LOCK_SPACE = 9  # the upper 16 bits of an operation's lock key; 7 is the log's
TRY_LOCK = f"""
SELECT pg_try_advisory_xact_lock((%s::bigint << 48) | %s), {leases.TIMEOUTS}
"""


def begin(
    entry: Entry,
    *,
    kind: Operation.Kind,
    state: Operation.State,
    version: int,
    generation: int | None = None,
    total: int = 0,
) -> Operation:
    """A new operation, in the transaction of the action that asks for it."""
    operation = Operation.objects.create(
        kind=kind,
        projection=entry.projection,
        generation=generation,
        version=version,
        state=state,
        actor=entry.actor.name,
        reason=entry.reason,
        parameters=entry.parameters,
        total=total,
    )
    entry.operation = operation
    return operation


def get(id: int) -> Operation:
    """Raises UnknownOperation."""
    try:
        return Operation.objects.get(pk=id)
    except Operation.DoesNotExist:
        raise errors.UnknownOperation(id=id) from None


def unfinished() -> list[Operation]:
    return list(Operation.objects.filter(finished_at=None).order_by("pk"))


def current(projection: str) -> Operation | None:
    """The rebuild or roll back of a projection that is under way, if there is one."""
    found = Operation.objects.filter(projection=projection, finished_at=None)
    return found.exclude(kind=Operation.Kind.RETRY).first()


def newest(projection: str) -> Operation | None:
    """The latest rebuild or roll back of a projection, finished or not."""
    found = Operation.objects.filter(projection=projection).order_by("-pk")
    return found.exclude(kind=Operation.Kind.RETRY).first()


def newest_of_each() -> dict[str, Operation]:
    """The latest rebuild or roll back of each projection that had one, by its name."""
    found = Operation.objects.exclude(kind=Operation.Kind.RETRY)
    newest = found.order_by("projection", "-pk").distinct("projection")
    return {each.projection: each for each in newest}


def age(operation: Operation) -> float:
    """Seconds since it last changed."""
    return (timezone.now() - operation.changed_at).total_seconds()


def move(operation: Operation, state: Operation.State, **changes: Any) -> bool:
    """Takes it from the state it was read in to another one.

    False when somebody else has moved it meanwhile; nothing is changed then.
    """
    changes = {"state": state, "note": "", **changes, "changed_at": timezone.now()}
    moved = Operation.objects.filter(
        pk=operation.pk, state=operation.state, finished_at=None
    ).update(**changes)
    if moved:
        for name, value in changes.items():
            setattr(operation, name, value)
    return bool(moved)


def note(operation: Operation, **changes: Any) -> None:
    """Writes down progress; the state stays, and is not written."""
    changes["changed_at"] = timezone.now()
    Operation.objects.filter(pk=operation.pk, finished_at=None).update(**changes)
    for name, value in changes.items():
        setattr(operation, name, value)


def end(operation: Operation, state: Operation.State, **changes: Any) -> bool:
    """Ends it in a state, once, and writes that into the audit."""
    with transaction.atomic(using=USING):
        ended = move(operation, state, **changes, finished_at=timezone.now())
        if ended:
            audit.ended(operation)
    return ended


@contextmanager
def leased(operation: Operation) -> Iterator[bool]:
    """A transaction in which nobody else works on the operation; False: somebody does.

    What was read of the operation before may be old: `move` looks again.
    """
    with transaction.atomic(using=USING):
        yield try_lock(operation, connection=connections[USING])


def try_lock(operation: Operation, *, connection: BaseDatabaseWrapper) -> bool:
    """As `leased`, for the transaction that the connection is in."""
    with connection.cursor() as cursor:
        cursor.execute(TRY_LOCK, [LOCK_SPACE, operation.pk])
        taken: bool = cursor.fetchone()[0]
        return taken
