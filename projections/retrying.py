"""Retries held streams of a projection, as an operation: one after the other."""

import time

from django.utils import timezone

from projections import (
    dead_letters,
    errors,
    failure,
    held_streams,
    operations,
    registry,
)
from projections.audit import Entry
from projections.held_streams import Matching
from projections.models import DeadLetter, Operation

# A step ends after this, so that other operations have their turn. Seconds.
STEP_S = 0.5
# Of one operation over chosen streams, so that it ends within minutes; and of ids that
# a page may send.
AT_MOST = 10_000
IDS = 500


def begin(entry: Entry) -> Operation:
    """An operation for what the projection holds now, its leases being the caller's.

    Raises NotAllowedInState while another one is unfinished.
    """
    refuse_second(entry.projection)
    held = held_streams.find(Matching(projection=entry.projection))
    return _begin(entry, list(held.order_by("pk").values_list("pk", flat=True)))


def begin_matching(entry: Entry, matching: Matching) -> Operation:
    """As `begin`, for those that match, AT_MOST of them: those held longest.

    Raises NotAllowedInState, also where none matches; WrongSelection.
    """
    refuse_wrong(matching)
    refuse_second(entry.projection)
    held = held_streams.find(matching).order_by("pk")
    chosen = list(held.values_list("pk", flat=True)[: AT_MOST + 1])
    if not chosen:
        raise errors.NotAllowedInState(
            f"{entry.projection} holds none of the streams that were chosen"
        )
    entry.parameters |= matching.named()
    if len(chosen) > AT_MOST:
        entry.parameters["at_most"] = AT_MOST
    return _begin(entry, chosen[:AT_MOST])


def refuse_wrong(matching: Matching) -> None:
    """Raises WrongSelection where nothing is chosen, or too much by hand."""
    if not matching.projection or not matching.named():
        raise errors.WrongSelection(
            "say which streams of which projection: by ids, state, category, type, "
            "stream or error"
        )
    if len(matching.ids) > IDS:
        raise errors.WrongSelection(
            f"at most {IDS} streams can be chosen by id, not {len(matching.ids)}"
        )


def refuse_second(name: str) -> None:
    """Raises NotAllowedInState while another one of the projection is unfinished."""
    for other in operations.unfinished():
        if (other.projection, other.kind) == (name, Operation.Kind.RETRY):
            raise errors.NotAllowedInState(
                f"operation {other.pk} retries what {name} holds already"
            )


def _begin(entry: Entry, chosen: list[int]) -> Operation:
    operation = operations.begin(
        entry,
        kind=Operation.Kind.RETRY,
        state=Operation.State.RETRYING,
        version=registry.subscriber(entry.projection).version,
        total=len(chosen),
    )
    # Streams that are held later are not part of it: it comes to an end.
    operations.note(
        operation,
        progress={"after": 0, "last": chosen[-1] if chosen else 0},
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
    # Streams that freed themselves, as their next attempt was due, are not held either;
    # of chosen ones also those that came to fail otherwise, and are not these any more.
    gone = max(operation.total - operation.done, 0)
    freed = operation.result["freed"] + gone
    operations.end(
        operation,
        Operation.State.FINISHED,
        done=operation.done + gone,
        result={**operation.result, "freed": freed},
    )


def _next(operation: Operation) -> DeadLetter | None:
    chosen = held_streams.matching(operation.projection, operation.parameters)
    return (
        held_streams.find(chosen)
        .filter(
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
