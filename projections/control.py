"""The one door for what operators do to projections: permitted, explained, audited.

Whichever way it comes (console, admin, API, command line): permission is asked for
here, and what was done or refused is in the audit (P9).
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from projections import (
    actors,
    audit,
    checkpoints,
    dead_letters,
    errors,
    failure,
    operations,
    registry,
    repartitioning,
    retrying,
)
from projections.actors import Actor
from projections.models import Checkpoint, Operation
from projections.reacting import starting
from projections.rebuilding import beginning, ending

MOST_PARTITIONS = 256


def pause(name: str, *, actor: Actor, reason: str) -> None:
    """Stops a projection after the batch at work. Its rows stay as they are.

    Raises UnknownProjection, NotAllowedInState (already paused, or not started).
    """
    with audit.action(
        "pause", name, permission=actors.PAUSE, actor=actor, reason=reason
    ):
        found = _locked(name)
        if all(each.state == Checkpoint.State.PAUSED for each in found):
            raise errors.NotAllowedInState(f"{name} is paused already")
        _set_state(found, Checkpoint.State.PAUSED)


def resume(name: str, *, actor: Actor, reason: str) -> None:
    """Lets a paused projection go on, and a failing one try again at once.

    Raises UnknownProjection, NotAllowedInState (running, or the log diverged).
    """
    with audit.action(
        "resume", name, permission=actors.PAUSE, actor=actor, reason=reason
    ):
        found = _locked(name)
        if any(each.state == Checkpoint.State.FAULTED for each in found):
            raise errors.NotAllowedInState(
                f"{name} does not belong to this log any more: only a rebuild helps"
            )
        if all(each.state == Checkpoint.State.RUNNING for each in found) and not any(
            each.failures for each in found
        ):
            raise errors.NotAllowedInState(f"{name} is running already")
        _set_state(found, Checkpoint.State.RUNNING)


def rebuild(
    name: str,
    *,
    actor: Actor,
    reason: str,
    review: bool = False,
    from_timestamp: datetime | None = None,
    partitions: int | None = None,
) -> Operation:
    """Builds the projection's tables anew beside the live ones, then swaps them in.

    review: stops before the swap. from_timestamp: only what events that occurred then
    or later touch is folded anew. partitions: of the rebuilt projection, as configured
    by default.
    Raises NotPermitted, UnknownProjection, NotAllowedInState, WrongPartitions.
    """
    parameters = {
        "review": review,
        "from_timestamp": from_timestamp.isoformat() if from_timestamp else None,
        "partitions": partitions,
    }
    with audit.action(
        "rebuild", name, permission=actors.REBUILD, actor=actor, reason=reason
    ) as entry:
        entry.parameters |= {key: value for key, value in parameters.items() if value}
        _check_partitions(partitions)
        return beginning.rebuild(
            entry, partitions=partitions, from_timestamp=from_timestamp
        )


def swap(name: str, *, actor: Actor, reason: str) -> Operation:
    """Lets a rebuild that waits for review go on: its tables go live.

    Raises NotPermitted, UnknownProjection, NotAllowedInState.
    """
    with audit.action(
        "swap", name, permission=actors.SWAP, actor=actor, reason=reason
    ) as entry:
        operation = _current(name)
        ready = operation.state == Operation.State.READY
        if not ready or not operations.move(operation, Operation.State.SWAPPING):
            raise errors.NotAllowedInState(
                f"{operation.kind} {operation.pk} of {name} is {operation.state}, "
                "not ready"
            )
        entry.operation = operation
        return operation


def rollback(name: str, *, actor: Actor, reason: str) -> Operation:
    """Brings back the tables that were live before the last swap, caught up.

    Raises NotPermitted, UnknownProjection, NotAllowedInState (nothing kept).
    """
    with audit.action(
        "rollback", name, permission=actors.SWAP, actor=actor, reason=reason
    ) as entry:
        return beginning.rollback(entry)


def discard(name: str, *, actor: Actor, reason: str) -> None:
    """Drops the tables that were kept for a roll back.

    Raises NotPermitted, UnknownProjection, NotAllowedInState (nothing kept).
    """
    with audit.action(
        "discard", name, permission=actors.SWAP, actor=actor, reason=reason
    ):
        ending.discard(name)


def cancel(name: str, *, actor: Actor, reason: str) -> Operation:
    """Ends the rebuild or roll back under way; nothing of it is left behind.

    Raises NotPermitted, UnknownProjection, NotAllowedInState.
    """
    with audit.action(
        "cancel", name, permission=actors.SWAP, actor=actor, reason=reason
    ) as entry:
        operation = _current(name)
        entry.parameters["operation"] = operation.pk
        ending.cancel(operation)
        return operation


def repartition(name: str, partitions: int, *, actor: Actor, reason: str) -> None:
    """Changes the number of a running projection's partitions.

    Raises NotPermitted, UnknownProjection, NotAllowedInState, WrongPartitions.
    """
    with audit.action(
        "repartition",
        name,
        permission=actors.REBUILD,
        actor=actor,
        reason=reason,
        partitions=partitions,
    ):
        registry.get(name)
        _check_partitions(partitions)
        repartitioning.change(name, partitions)


def pause_reactor(name: str, *, actor: Actor, reason: str) -> None:
    """Stops a reactor after the turn at work; its timers wait as well.

    Raises UnknownReactor, NotAllowedInState (paused already, or not started).
    """
    with audit.action(
        "pause", name, permission=actors.PAUSE, actor=actor, reason=reason
    ):
        found = _locked(name, known=registry.reactor)
        if any(each.state == Checkpoint.State.PAUSED for each in found):
            raise errors.NotAllowedInState(f"{name} is paused already")
        _set_state(found, Checkpoint.State.PAUSED)


def resume_reactor(name: str, *, actor: Actor, reason: str) -> None:
    """Lets a reactor go on where it stood; what happened meanwhile is not missed.

    Raises UnknownReactor, NotAllowedInState (running, or the log diverged).
    """
    with audit.action(
        "resume", name, permission=actors.PAUSE, actor=actor, reason=reason
    ):
        (found,) = _locked(name, known=registry.reactor)
        if found.state == Checkpoint.State.FAULTED:
            raise errors.NotAllowedInState(
                f"{name} does not belong to this log any more: start it from a position"
            )
        if found.state == Checkpoint.State.RUNNING and not found.failures:
            raise errors.NotAllowedInState(f"{name} is running already")
        _set_state([found], Checkpoint.State.RUNNING)


def start_reactor(
    name: str, *, position: int | None, actor: Actor, reason: str
) -> None:
    """Lets a reactor run, from the event at a position on or (None) from now.

    Events that it handled before are handled again: their commands are not given
    again, what it calls by itself is.
    Raises UnknownReactor, NotAllowedInState (the log has not come to that position).
    """
    with audit.action(
        "start",
        name,
        permission=actors.PAUSE,
        actor=actor,
        reason=reason,
        position="now" if position is None else position,
    ) as entry:
        reactor = registry.reactor(name)
        place = starting.place_before(position)
        entry.parameters["after"] = place.position
        starting.start(reactor, place)


def retry(id: int, *, actor: Actor, reason: str) -> bool:
    """Tries a held stream again now; True when it is held no longer.

    Raises UnknownDeadLetter.
    """
    with audit.action(
        "retry", "", permission=actors.RETRY, actor=actor, reason=reason, id=id
    ) as entry:
        letter = dead_letters.get(id)
        entry.projection = letter.projection
        entry.parameters["stream"] = letter.stream
        freed = entry.parameters["freed"] = dead_letters.retry(id)
    failure.try_again(letter.projection)
    return freed


def retry_all(name: str, *, actor: Actor, reason: str) -> Operation:
    """Begins to try all streams again that the projection holds now; workers do it.

    Raises UnknownProjection, NotAllowedInState (not started, or under way already).
    """
    with audit.action(
        "retry", name, permission=actors.RETRY, actor=actor, reason=reason
    ) as entry:
        _locked(name)
        operation = retrying.begin(entry)
    return operation


def cancel_operation(id: int, *, actor: Actor, reason: str) -> Operation:
    """Ends an operation that is under way, and returns it as it then stands.

    A retry keeps what it has freed; of a rebuild or roll back nothing is left behind.
    Raises NotPermitted, UnknownOperation, NotAllowedInState (ended already).
    """
    asked = Operation.objects.filter(pk=id).first()
    kind = asked.kind if asked else Operation.Kind.RETRY
    permission = actors.RETRY if kind == Operation.Kind.RETRY else actors.SWAP
    with audit.action(
        "cancel", "", permission=permission, actor=actor, reason=reason, operation=id
    ) as entry:
        operation = operations.get(id)
        entry.projection = operation.projection
        if operation.kind == Operation.Kind.RETRY:
            retrying.cancel(operation)
        else:
            ending.cancel(operation)
    return operation


def skip(id: int, *, actor: Actor, reason: str) -> bool:
    """Passes the event that fails over for ever, and goes on with the stream.

    True when the stream is held no longer.
    Raises NotPermitted, UnknownDeadLetter, MissingReason.
    """
    with audit.action(
        "skip",
        "",
        permission=actors.SKIP,
        actor=actor,
        reason=reason,
        needs_reason=True,
        id=id,
    ) as entry:
        letter = dead_letters.get(id)
        entry.projection = letter.projection
        entry.parameters |= {"stream": letter.stream, "event_id": str(letter.event_id)}
        freed = dead_letters.skip(id, actor=actor.name, reason=reason)
    failure.try_again(letter.projection)
    return freed


def _locked(
    name: str, *, known: Callable[[str], object] = registry.get
) -> Sequence[Checkpoint]:
    """The projection's checkpoints, with their leases held: no batch is under way."""
    known(name)
    found = checkpoints.locked(name, Checkpoint.Role.LIVE)
    if not found:
        raise errors.NotAllowedInState(f"{name} has not been started by a worker yet")
    return found


def _current(name: str) -> Operation:
    registry.get(name)
    operation = operations.current(name)
    if operation is None:
        raise errors.NotAllowedInState(f"no rebuild of {name} is under way")
    return operation


def _check_partitions(partitions: int | None) -> None:
    if partitions is not None and not 1 <= partitions <= MOST_PARTITIONS:
        raise errors.WrongPartitions(
            f"{partitions} partitions: allowed is 1 to {MOST_PARTITIONS}"
        )


def _set_state(found: Sequence[Checkpoint], state: Checkpoint.State) -> None:
    Checkpoint.objects.filter(pk__in=[each.pk for each in found]).update(
        state=state, failures=0, failure=None, next_attempt_at=None
    )
