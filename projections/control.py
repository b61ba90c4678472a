"""The one door for what operators do to projections: with a reason, audited."""

from collections.abc import Sequence
from typing import Any

from django.db import connections, transaction

from projections import checkpoints, dead_letters, errors, registry
from projections.models import AuditEntry, Checkpoint, DeadLetter

USING = "read"


def pause(name: str, *, actor: str, reason: str) -> None:
    """Stops a projection after the batch at work. Its rows stay as they are.

    Raises UnknownProjection, NotAllowedInState (already paused, or not started).
    """
    with transaction.atomic(using=USING):
        found = _locked(name)
        if all(each.state == Checkpoint.State.PAUSED for each in found):
            raise errors.NotAllowedInState(f"{name} is paused already")
        _set_state(found, Checkpoint.State.PAUSED)
        _audit("pause", name, actor=actor, reason=reason)


def resume(name: str, *, actor: str, reason: str) -> None:
    """Lets a paused projection go on, and a failing one try again at once.

    Raises UnknownProjection, NotAllowedInState (running, or the log diverged).
    """
    with transaction.atomic(using=USING):
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
        _audit("resume", name, actor=actor, reason=reason)


def rebuild(name: str, *, actor: str, reason: str) -> None:
    """Empties the projection's tables and lets it read the log from the beginning.

    Readers see the tables fill again. Raises UnknownProjection, NotAllowedInState.
    """
    projection = registry.get(name)
    with transaction.atomic(using=USING):
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
        _audit("rebuild", name, actor=actor, reason=reason)


def retry(id: int, *, actor: str, reason: str) -> bool:
    """Tries a held stream again now; True when it is held no longer.

    Raises UnknownDeadLetter.
    """
    with transaction.atomic(using=USING):
        letter = dead_letters.get(id)
        freed = dead_letters.retry(id)
        facts = {"stream": letter.stream, "freed": freed}
        _audit("retry", letter.projection, actor=actor, reason=reason, **facts)
    return freed


def skip(id: int, *, actor: str, reason: str) -> bool:
    """Passes the event that fails over for ever, and goes on with the stream.

    True when the stream is held no longer. Raises UnknownDeadLetter, MissingReason.
    """
    if not reason.strip():
        raise errors.MissingReason("skipping an event needs a reason")
    with transaction.atomic(using=USING):
        letter = dead_letters.get(id)
        freed = dead_letters.skip(id, actor=actor, reason=reason)
        facts = {"stream": letter.stream, "event_id": str(letter.event_id)}
        _audit("skip", letter.projection, actor=actor, reason=reason, **facts)
    return freed


def _locked(name: str) -> Sequence[Checkpoint]:
    """The projection's checkpoints, with their leases held: no batch is under way."""
    registry.get(name)
    keys = [each.pk for each in checkpoints.live(name)]
    found = list(
        Checkpoint.objects.select_for_update().filter(pk__in=keys).order_by("pk")
    )
    if not found:
        raise errors.NotAllowedInState(f"{name} has not been started by a worker yet")
    return found


def _set_state(found: Sequence[Checkpoint], state: Checkpoint.State) -> None:
    Checkpoint.objects.filter(pk__in=[each.pk for each in found]).update(
        state=state, failures=0, failure=None, next_attempt_at=None
    )


def _audit(action: str, name: str, *, actor: str, reason: str, **facts: Any) -> None:
    AuditEntry.objects.create(
        actor=actor, action=action, projection=name, reason=reason, parameters=facts
    )
