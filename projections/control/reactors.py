"""Reactors: paused, resumed, started somewhere in the log."""

from projections import actors, audit, errors, registry, standings
from projections.actors import Actor
from projections.confirming import Confirmation
from projections.control import locking
from projections.models import Checkpoint
from projections.reacting import starting


def pause_reactor(
    name: str, *, actor: Actor, reason: str, once: Confirmation | None = None
) -> None:
    """Stops a reactor after the turn at work; its timers wait as well.

    Raises UnknownReactor, NotAllowedInState (paused already, or not started).
    """
    with audit.action(
        "pause", name, permission=actors.PAUSE, actor=actor, reason=reason, once=once
    ):
        registry.reactor(name)
        standings.refuse_overtaken(name, once)
        found = locking.locked(name, known=registry.reactor)
        if any(each.state == Checkpoint.State.PAUSED for each in found):
            raise errors.NotAllowedInState(f"{name} is paused already")
        locking.set_state(found, Checkpoint.State.PAUSED)


def resume_reactor(
    name: str, *, actor: Actor, reason: str, once: Confirmation | None = None
) -> None:
    """Lets a reactor go on where it stood; what happened meanwhile is not missed.

    Raises UnknownReactor, NotAllowedInState (running, or the log diverged).
    """
    with audit.action(
        "resume", name, permission=actors.PAUSE, actor=actor, reason=reason, once=once
    ):
        registry.reactor(name)
        standings.refuse_overtaken(name, once)
        (found,) = locking.locked(name, known=registry.reactor)
        if found.state == Checkpoint.State.FAULTED:
            raise errors.NotAllowedInState(
                f"{name} does not belong to this log any more: start it from a position"
            )
        if found.state == Checkpoint.State.RUNNING and not found.failures:
            raise errors.NotAllowedInState(f"{name} is running already")
        locking.set_state([found], Checkpoint.State.RUNNING)


def start_reactor(
    name: str,
    *,
    position: int | None,
    actor: Actor,
    reason: str,
    once: Confirmation | None = None,
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
        once=once,
        position="now" if position is None else position,
    ) as entry:
        reactor = registry.reactor(name)
        standings.refuse_overtaken(name, once)
        place = starting.place_before(position)
        entry.parameters["after"] = place.position
        starting.start(reactor, place)
