"""Compares the rebuilt tables with the live ones, both as they are at one position."""

from typing import Any

from django.conf import settings

from projections import (
    checkpoints,
    differences,
    errors,
    failure,
    operations,
    registry,
    tables,
)
from projections.in_redis import differences as redis_differences
from projections.in_redis.projection import RedisProjection
from projections.models import Checkpoint, Operation
from projections.projection import Projection
from projections.rebuilding import snapshots
from projections.rebuilding.snapshots import Snapshot

Role, State = Checkpoint.Role, Checkpoint.State


def step(operation: Operation) -> bool:
    """On to the swap, or to an operator who asked to look, with what was found."""
    projection = registry.get(operation.projection)
    if any(each.state == State.PAUSED for each in checkpoints.live(projection.name)):
        operations.note(operation, note="paused: resume it, or cancel this")
        return False
    if reason := _cannot(projection):
        return _on(operation, {"not_compared": reason})
    if any(each.failures for each in checkpoints.live(projection.name)):
        # It goes on, or has failed for good, after a few attempts.
        operations.note(operation, note="waits for the live tables, which are failing")
        return False
    try:
        with snapshots.level(projection, Role.LIVE, Role.SHADOW) as snapshot:
            if not operations.try_lock(operation, connection=snapshot.connection):
                return False  # another worker compares
            found = _differences(projection, snapshot)
    except (errors.NeverLevel, errors.TookTooLong) as error:
        return _on(operation, {"not_compared": str(error)})
    except Exception as error:
        if not failure.is_timeout(error):
            raise
        return _on(operation, {"not_compared": "it took too long"})
    return _on(operation, {"position": snapshot.position, "tables": found})


def _differences(projection: Projection, snapshot: Snapshot) -> dict[str, Any]:
    seconds = settings.CQRS.query_side.rebuild.compare_timeout_s
    if isinstance(projection, RedisProjection):
        old, new = (
            checkpoints.of(projection.name, role)[0]
            for role in (Role.LIVE, Role.SHADOW)
        )
        return redis_differences.between(
            projection, old=old, new=new, position=snapshot.position, seconds=seconds
        )
    return differences.between(
        projection,
        old="",
        new=tables.SHADOW,
        connection=snapshot.connection,
        seconds=seconds,
    )


def _on(operation: Operation, found: dict[str, Any]) -> bool:
    review = operation.parameters.get("review")
    state = Operation.State.READY if review else Operation.State.SWAPPING
    stands = found.get("position", operation.total)
    return operations.move(
        operation,
        state,
        done=stands,
        total=stands,
        result={**operation.result, "comparison": found},
    )


def _cannot(projection: Projection) -> str:
    """Why the live tables cannot be brought to the position of the rebuilt ones."""
    live = checkpoints.live(projection.name)
    if any(each.state == State.FAULTED for each in live):
        return "the live tables do not belong to this log any more"
    if any(failure.is_faulted(each) for each in live):
        return "the live tables are failing: see their error"
    if not projection.maintains(live[0].version):
        return (
            f"the live tables are of version {live[0].version}, which this code does "
            "not maintain"
        )
    return ""
