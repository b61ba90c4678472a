"""Compares the rebuilt tables with the live ones, both as they are at one position."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from eventstore import log
from projections import (
    batch,
    checkpoints,
    differences,
    failure,
    operations,
    registry,
    tables,
)
from projections.models import Checkpoint, Operation
from projections.projection import Projection

logger = logging.getLogger(__name__)

USING = "read"
Role, State = Checkpoint.Role, Checkpoint.State
# Followers may move a table between the moment when both are level and the snapshot.
ATTEMPTS = 20


def step(operation: Operation) -> bool:
    """On to the swap, or to an operator who asked to look, with what was found."""
    projection = registry.get(operation.projection)
    if any(each.state == State.PAUSED for each in checkpoints.live(projection.name)):
        operations.note(operation, note="paused: resume it, or cancel this")
        return False
    if any(each.state == State.PAUSED for each in checkpoints.live(projection.name)):
        operations.note(operation, note="paused: resume it, or cancel this")
        return False
    if reason := _cannot(projection):
        return _on(operation, {"not_compared": reason})
    try:
        with _level(projection) as (snapshot, position):
            if not operations.try_lock(operation, connection=snapshot):
                return False  # another worker compares
            found = differences.between(
                projection,
                old="",
                new=tables.SHADOW,
                connection=snapshot,
                seconds=settings.CQRS.query_side.rebuild.compare_timeout_s,
            )
    except Exception as error:
        if not failure.is_timeout(error):
            raise
        return _on(operation, {"not_compared": "it took too long"})
    return _on(operation, {"position": position, "tables": found})


def _on(operation: Operation, found: dict[str, Any]) -> bool:
    review = operation.parameters.get("review")
    state = Operation.State.READY if review else Operation.State.SWAPPING
    stands = found.get("position", operation.total)
    return operations.move(
        operation, state, done=stands, total=stands, result={"comparison": found}
    )


def _cannot(projection: Projection) -> str:
    """Why the live tables cannot be brought to the position of the rebuilt ones."""
    live = checkpoints.live(projection.name)
    if any(each.state == State.FAULTED for each in live):
        return "the live tables do not belong to this log any more"
    if not projection.maintains(live[0].version):
        return (
            f"the live tables are of version {live[0].version}, which this code does "
            "not maintain"
        )
    return ""


@contextmanager
def _level(projection: Projection) -> Iterator[tuple[BaseDatabaseWrapper, int]]:
    """A connection with a snapshot in which both generations stand at one position.

    The leases are held only until the snapshot is taken.
    """
    snapshot = connections[USING].copy()
    try:
        for _ in range(ATTEMPTS):
            _run_level(projection)
            with transaction.atomic(using=USING):
                found = checkpoints.locked(projection.name, Role.LIVE, Role.SHADOW)
                positions = {each.position for each in found}
                if len(positions) != 1:
                    continue
                with snapshot.cursor() as cursor:
                    cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
                    cursor.execute("SELECT 1")
            yield snapshot, positions.pop()
            return
        raise TimeoutError(f"{projection.name} was never level in {ATTEMPTS} attempts")
    finally:
        snapshot.close()


def _run_level(projection: Projection) -> None:
    epoch = log.identity().epoch
    with transaction.atomic(using=USING):
        found = checkpoints.locked(projection.name, Role.LIVE, Role.SHADOW)
        target = max(each.position for each in found)
        for each in found:
            batch.run_to(projection, each, target, epoch=epoch)
