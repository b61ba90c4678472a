"""Pauses, resumes, splits: what is done to a projection that keeps its tables."""

from collections.abc import Sequence

from projections import actors, audit, errors, registry, repartitioning, standings
from projections.actors import Actor
from projections.confirming import Confirmation
from projections.control import locking
from projections.models import Checkpoint


def pause(
    name: str, *, actor: Actor, reason: str, once: Confirmation | None = None
) -> None:
    """Stops a projection after the batch at work. Its rows stay as they are.

    Raises UnknownProjection, NotAllowedInState (already paused, not started, or the
    log diverged).
    """
    with audit.action(
        "pause", name, permission=actors.PAUSE, actor=actor, reason=reason, once=once
    ):
        standings.refuse_overtaken(name, once)
        found = locking.locked(name)
        _refuse_diverged(name, found)
        if all(each.state == Checkpoint.State.PAUSED for each in found):
            raise errors.NotAllowedInState(f"{name} is paused already")
        locking.set_state(found, Checkpoint.State.PAUSED)


def resume(
    name: str, *, actor: Actor, reason: str, once: Confirmation | None = None
) -> None:
    """Lets a paused projection go on, and a failing one try again at once.

    Raises UnknownProjection, NotAllowedInState (running, or the log diverged).
    """
    with audit.action(
        "resume", name, permission=actors.PAUSE, actor=actor, reason=reason, once=once
    ):
        standings.refuse_overtaken(name, once)
        found = locking.locked(name)
        _refuse_diverged(name, found)
        if all(each.state == Checkpoint.State.RUNNING for each in found) and not any(
            each.failures for each in found
        ):
            raise errors.NotAllowedInState(f"{name} is running already")
        locking.set_state(found, Checkpoint.State.RUNNING)


def repartition(
    name: str,
    partitions: int,
    *,
    actor: Actor,
    reason: str,
    once: Confirmation | None = None,
) -> None:
    """Changes the number of a running projection's partitions.

    Raises NotPermitted, UnknownProjection, NotAllowedInState, WrongPartitions.
    """
    with audit.action(
        "repartition",
        name,
        permission=actors.REBUILD,
        actor=actor,
        reason=reason,
        once=once,
        partitions=partitions,
    ):
        standings.refuse_overtaken(name, once)
        registry.get(name)
        repartitioning.check(partitions)
        repartitioning.change(name, partitions)


def _refuse_diverged(name: str, found: Sequence[Checkpoint]) -> None:
    if any(each.state == Checkpoint.State.FAULTED for each in found):
        raise errors.NotAllowedInState(
            f"{name} does not belong to this log any more: only a rebuild helps"
        )
