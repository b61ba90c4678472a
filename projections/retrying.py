"""Retries all that a projection holds, as an operation: one stream after the other."""

import time

from django.db.models import Max
from django.utils import timezone

from projections import dead_letters, errors, failure, operations, registry
from projections.audit import Entry
from projections.models import DeadLetter, Operation

# A step ends after this, so that other operations have their turn. Seconds.
STEP_S = 0.5


def begin(entry: Entry) -> Operation:
    """An operation for what the projection holds now, its leases being the caller's.

    Raises NotAllowedInState while another one is unfinished.
    """
    name, kind = entry.projection, Operation.Kind.RETRY
    for other in operations.unfinished():
        if (other.projection, other.kind) == (name, kind):
            raise errors.NotAllowedInState(
                f"operation {other.pk} retries what {name} holds already"
            )
    held = dead_letters.current().filter(projection=name)
    operation = operations.begin(
        entry,
        kind=kind,
        state=Operation.State.RETRYING,
        version=registry.subscriber(name).version,
        total=held.count(),
    )
    # Streams that are held later are not part of it: it comes to an end.
    newest = held.aggregate(Max("pk"))["pk__max"] or 0
    operations.note(
        operation,
        progress={"after": 0, "last": newest},
        result={"freed": 0, "failed": 0},
    )
    return operation


def cancel(operation: Operation) -> None:
    """Ends it; what it has freed stays. Raises NotAllowedInState (ended already)."""
    ended = operations.end(operation, Operation.State.CANCELLED)
    operation.refresh_from_db()
    if not ended:
        raise errors.NotAllowedInState(f"{operation} is {operation.state} already")


def step(operation: Operation) -> bool:
    """Tries some streams again, each in a transaction of its own that also counts it.

    False when nothing is left to do, or another worker is at it.
    """
    ends = time.monotonic() + STEP_S
    while _try_next(operation.pk):
        if time.monotonic() >= ends:
            return True
    return False


def _try_next(id: int) -> bool:
    with operations.leased(operations.get(id)) as ours:
        if not ours:
            return False
        # Locked, so that who cancels it finds every stream counted that was tried.
        operation = Operation.objects.select_for_update().get(pk=id)
        if operation.finished_at:
            return False
        letter = _next(operation)
        if letter is not None:
            _count(operation, letter, freed=_freed(letter))
            return True
        _finish(operation)
    failure.try_again(operation.projection)
    return False


def _finish(operation: Operation) -> None:
    # Streams that freed themselves, as their next attempt was due, are not held either.
    gone = max(operation.total - operation.done, 0)
    freed = operation.result["freed"] + gone
    operations.end(
        operation,
        Operation.State.FINISHED,
        done=operation.done + gone,
        result={**operation.result, "freed": freed},
    )


def _next(operation: Operation) -> DeadLetter | None:
    return (
        dead_letters.current()
        .filter(
            projection=operation.projection,
            pk__gt=operation.progress["after"],
            pk__lte=operation.progress["last"],
        )
        .order_by("pk")
        .first()
    )


def _freed(letter: DeadLetter) -> bool:
    try:
        return dead_letters.retry(letter.pk)
    except errors.UnknownDeadLetter:
        return True  # somebody else has freed it since we looked
    except errors.NotAllowedInState:
        return False  # of tables of another version, or that are not filled yet


def _count(operation: Operation, letter: DeadLetter, *, freed: bool) -> None:
    counted = "freed" if freed else "failed"
    result = operation.result
    done = operation.done + 1
    seconds = (timezone.now() - operation.started_at).total_seconds()
    operations.note(
        operation,
        done=done,
        rate=done / max(seconds, 0.001),
        progress={**operation.progress, "after": letter.pk},
        result={**result, counted: result[counted] + 1},
    )
