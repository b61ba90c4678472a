"""Rebuilds, and what follows them: swap, roll back, discard, cancel."""

from datetime import datetime

from projections import (
    actors,
    audit,
    errors,
    operations,
    registry,
    repartitioning,
    retrying,
    standings,
)
from projections.actors import Actor
from projections.confirming import Confirmation
from projections.models import Operation
from projections.rebuilding import beginning, ending


def rebuild(
    name: str,
    *,
    actor: Actor,
    reason: str,
    review: bool = False,
    from_timestamp: datetime | None = None,
    partitions: int | None = None,
    once: Confirmation | None = None,
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
        "rebuild",
        name,
        permission=actors.REBUILD,
        actor=actor,
        reason=reason,
        once=once,
    ) as entry:
        standings.refuse_overtaken(name, once)
        entry.parameters |= {key: value for key, value in parameters.items() if value}
        repartitioning.check(partitions)
        return beginning.rebuild(
            entry, partitions=partitions, from_timestamp=from_timestamp
        )


def swap(
    name: str, *, actor: Actor, reason: str, once: Confirmation | None = None
) -> Operation:
    """Lets a rebuild that waits for review go on: its tables go live.

    Raises NotPermitted, UnknownProjection, NotAllowedInState.
    """
    with audit.action(
        "swap", name, permission=actors.SWAP, actor=actor, reason=reason, once=once
    ) as entry:
        standings.refuse_overtaken(name, once)
        operation = _current(name)
        ready = operation.state == Operation.State.READY
        if not ready or not operations.move(operation, Operation.State.SWAPPING):
            raise errors.NotAllowedInState(
                f"{operation.kind} {operation.pk} of {name} is {operation.state}, "
                "not ready"
            )
        entry.operation = operation
        return operation


def rollback(
    name: str, *, actor: Actor, reason: str, once: Confirmation | None = None
) -> Operation:
    """Brings back the tables that were live before the last swap, caught up.

    Raises NotPermitted, UnknownProjection, NotAllowedInState (nothing kept).
    """
    with audit.action(
        "rollback", name, permission=actors.SWAP, actor=actor, reason=reason, once=once
    ) as entry:
        standings.refuse_overtaken(name, once)
        return beginning.rollback(entry)


def discard(
    name: str, *, actor: Actor, reason: str, once: Confirmation | None = None
) -> None:
    """Drops the tables that were kept for a roll back.

    Raises NotPermitted, UnknownProjection, NotAllowedInState (nothing kept).
    """
    with audit.action(
        "discard", name, permission=actors.SWAP, actor=actor, reason=reason, once=once
    ):
        standings.refuse_overtaken(name, once)
        ending.discard(name)


def cancel(
    name: str, *, actor: Actor, reason: str, once: Confirmation | None = None
) -> Operation:
    """Ends the rebuild or roll back under way; nothing of it is left behind.

    Raises NotPermitted, UnknownProjection, NotAllowedInState.
    """
    with audit.action(
        "cancel", name, permission=actors.SWAP, actor=actor, reason=reason, once=once
    ) as entry:
        standings.refuse_overtaken(name, once)
        operation = _current(name)
        entry.parameters["operation"] = operation.pk
        ending.cancel(operation)
        return operation


def cancel_operation(
    id: int, *, actor: Actor, reason: str, once: Confirmation | None = None
) -> Operation:
    """Ends an operation that is under way, and returns it as it then stands.

    A retry keeps what it has freed; of a rebuild or roll back nothing is left behind.
    Raises NotPermitted, UnknownOperation, NotAllowedInState (ended already).
    """
    asked = Operation.objects.filter(pk=id).first()
    kind = asked.kind if asked else Operation.Kind.RETRY
    permission = actors.RETRY if kind == Operation.Kind.RETRY else actors.SWAP
    with audit.action(
        "cancel",
        "",
        permission=permission,
        actor=actor,
        reason=reason,
        once=once,
        operation=id,
    ) as entry:
        standings.refuse_operation_overtaken(id, once)
        operation = operations.get(id)
        entry.projection = operation.projection
        if operation.kind == Operation.Kind.RETRY:
            retrying.cancel(operation)
        else:
            ending.cancel(operation)
    return operation


def _current(name: str) -> Operation:
    registry.get(name)
    operation = operations.current(name)
    if operation is None:
        raise errors.NotAllowedInState(f"no rebuild of {name} is under way")
    return operation
