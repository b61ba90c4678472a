"""How far a rebuild is, written down about once a second."""

from collections.abc import Sequence
from datetime import timedelta

from django.utils import timezone

from projections import operations
from projections.models import Checkpoint, Operation

EVERY = timedelta(seconds=0.5)
# How much a new measurement of the rate counts against the former ones.
WEIGHT = 0.3


def write(operation: Operation, found: Sequence[Checkpoint], *, goal: int) -> None:
    """done: the partitions' mean position; total: the position to reach by now."""
    since = timezone.now() - operation.changed_at
    if since < EVERY or not found:
        return
    done = sum(each.position for each in found) // len(found)
    speed = (done - operation.done) / since.total_seconds()
    rate = speed if not operation.rate else _smoothed(operation.rate, speed)
    operations.note(
        operation, done=done, total=max(goal, done), rate=max(rate, 0.0), note=""
    )


def eta_seconds(operation: Operation) -> float | None:
    """Until `done` reaches `total` at the rate so far; None where that is unknown."""
    if operation.finished_at or not operation.rate:
        return None
    return round((operation.total - operation.done) / operation.rate, 1)


def ratio(operation: Operation) -> float:
    """0 to 1; 1 for an empty log."""
    return round(operation.done / operation.total, 4) if operation.total else 1.0


def _smoothed(before: float, now: float) -> float:
    return (1 - WEIGHT) * before + WEIGHT * now
