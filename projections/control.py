"""The one door for what operators do to projections: permitted, explained, audited.

Whichever way it comes (console, admin, API, command line): permission is asked for
here, and what was done or refused is in the audit (P9).
"""

from collections.abc import Sequence

from django.db import connections

from projections import (
    actors,
    audit,
    checkpoints,
    dead_letters,
    errors,
    failure,
    operations,
    registry,
    retrying,
)
from projections.actors import Actor
from projections.models import Checkpoint, DeadLetter, Operation

USING = "read"


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


def rebuild(name: str, *, actor: Actor, reason: str) -> None:
    """Empties the projection's tables and lets it read the log from the beginning.

    Readers see the tables fill again. Raises UnknownProjection, NotAllowedInState.
    """
    with audit.action(
        "rebuild", name, permission=actors.REBUILD, actor=actor, reason=reason
    ):
        projection = registry.get(name)
        found = _locked(name)
        if any(each.state == Checkpoint.State.PAUSED for each in found):
            raise errors.NotAllowedInState(f"{name} is paused: resume it first")
        with connections[USING].cursor() as cursor:
            for table in projection.tables:
                quoted = connections[USING].ops.quote_name(table.name)
                cursor.execute(f"DELETE FROM {quoted}")
        Checkpoint.objects.filter(pk__in=[each.pk for each in found]).delete()
        DeadLetter.objects.filter(projection=name).delete()
        Checkpoint.objects.bulk_create(
            checkpoints.first(projection, generation=found[0].generation + 1)
        )


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
    """Ends an operation that is under way, as it then stands.

    A retry keeps what it has freed.
    Raises UnknownOperation, NotAllowedInState (ended already).
    """
    asked = Operation.objects.filter(pk=id).first()
    kind = asked.kind if asked else Operation.Kind.RETRY
    permission = actors.RETRY if kind == Operation.Kind.RETRY else actors.SWAP
    with audit.action(
        "cancel", "", permission=permission, actor=actor, reason=reason, operation=id
    ) as entry:
        operation = operations.get(id)
        entry.projection = operation.projection
        if operation.kind != Operation.Kind.RETRY:
            # Rebuilds and roll backs have tables to drop: their own cancel knows.
            raise errors.NotAllowedInState(f"{operation} cannot be cancelled")
        if not operations.end(operation, Operation.State.CANCELLED):
            raise errors.NotAllowedInState(f"{operation} has ended already")
    operation.refresh_from_db()
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


def _locked(name: str) -> Sequence[Checkpoint]:
    """The projection's checkpoints, with their leases held: no batch is under way."""
    registry.get(name)
    found = checkpoints.locked(name, Checkpoint.Role.LIVE)
    if not found:
        raise errors.NotAllowedInState(f"{name} has not been started by a worker yet")
    return found


def _set_state(found: Sequence[Checkpoint], state: Checkpoint.State) -> None:
    Checkpoint.objects.filter(pk__in=[each.pk for each in found]).update(
        state=state, failures=0, failure=None, next_attempt_at=None
    )
