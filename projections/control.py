"""The one door for what operators do to projections: permitted, explained, audited.

Whichever way it comes (console, admin, API, command line): permission is asked for
here, and what was done or refused is in the audit (P9).
"""

from collections.abc import Callable, Sequence

from django.db import connections

from projections import actors, audit, checkpoints, dead_letters, errors, registry
from projections.actors import Actor
from projections.models import Checkpoint, DeadLetter
from projections.reacting import starting

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
    return freed


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


def _set_state(found: Sequence[Checkpoint], state: Checkpoint.State) -> None:
    Checkpoint.objects.filter(pk__in=[each.pk for each in found]).update(
        state=state, failures=0, failure=None, next_attempt_at=None
    )
