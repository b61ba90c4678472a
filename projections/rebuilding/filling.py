"""Fills the shadow tables from the beginning of the log, partitions side by side.

Every batch moves its checkpoint in the transaction of its rows, so a crash costs one
batch. Indexes come last: to keep ten of them up to date for each row takes longer.
"""

import os
import random
import socket
import time

from django.db import connections

from eventstore import log, settled, store
from projections import (
    batch,
    checkpoints,
    failure,
    operations,
    registry,
    tables,
)
from projections.models import Checkpoint, Operation
from projections.projection import Projection
from projections.rebuilding import partial, progress

USING = "read"
# Events of the log at once. The more, the more often a row's events meet in one batch,
# and are written once; a batch should still take about a second.
EVENTS = 10_000
# What is left to followers: they take events one batch after the other as they come.
NEAR = 1_000
FILLED = "filled"
# Half of a small machine's memory is not for one index.
INDEX_MEMORY = "SET LOCAL maintenance_work_mem = '256MB'"

# Partitions whose batch outlived its lease, by key; as in runner.py.
_slow: dict[int, int] = {}


def step(operation: Operation) -> bool:
    """One batch of one partition, or what follows when all are near the end."""
    projection = registry.get(operation.projection)
    shadows = checkpoints.of(projection.name, Checkpoint.Role.SHADOW)
    if operation.kind != Operation.Kind.REBUILD or not shadows:
        return False
    if shadows[0].generation != operation.generation:
        return False  # it was cancelled, and these are the next one's
    if partial.is_due(operation):
        return partial.step(operation)
    if operation.progress.get(FILLED):
        return _finish(operation, projection)
    up_to = settled.position().settled
    behind = [each for each in shadows if each.position + NEAR < up_to]
    if not behind:
        # From here on nobody fills: a batch would wait for the indexes to be made.
        operations.note(operation, progress={**operation.progress, FILLED: True})
        return True
    # In any order: several workers so seldom meet on one partition.
    random.shuffle(behind)
    took = any(_fill(projection, each, up_to) for each in behind)
    progress.write(operation, shadows, goal=up_to)
    if not took:
        time.sleep(0.05)  # others have them all
    return took


def _fill(projection: Projection, checkpoint: Checkpoint, up_to: int) -> bool:
    events = min(EVENTS, _slow.get(checkpoint.pk, EVENTS))
    began = time.perf_counter()
    window = store.read_settled_from(
        position=checkpoint.position, limit=events + 1, up_to=up_to
    )
    read_s = time.perf_counter() - began
    try:
        result = batch.advance(
            projection,
            checkpoint,
            window,
            epoch=log.identity().epoch,
            worker=f"{socket.gethostname()}:{os.getpid()}",
            read_s=read_s,
        )
    except Exception as error:
        if failure.is_timeout(error) and len(window) > 2:
            _slow[checkpoint.pk] = len(window) // 2
            return True
        raise
    return result.outcome is batch.Outcome.ADVANCED


def _finish(operation: Operation, projection: Projection) -> bool:
    """Index after index, each in a transaction of its own; then on to followers."""
    missing = tables.missing_indexes(projection)
    if missing:
        return _index(operation, missing[0], left=len(missing))
    tables.vacuum(projection)
    with operations.leased(operation) as ours:
        # Before the operation, as who cancels it does: else the two would deadlock.
        checkpoints.locked(projection.name, Checkpoint.Role.SHADOW)
        if ours and operations.move(operation, Operation.State.TAILING):
            Checkpoint.objects.filter(
                projection=projection.name, role=Checkpoint.Role.SHADOW
            ).update(state=Checkpoint.State.RUNNING)
    return True


def _index(operation: Operation, statement: str, *, left: int) -> bool:
    operations.note(operation, note=f"indexes to make: {left}")
    with operations.leased(operation) as ours:
        if not ours:
            return False
        # The one before us may have made it just now.
        if statement in tables.missing_indexes(registry.get(operation.projection)):
            with connections[USING].cursor() as cursor:
                cursor.execute(INDEX_MEMORY)
                cursor.execute(statement)
    return True
