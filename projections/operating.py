"""What a worker of the queue "operations" does: takes each operation a step further."""

import logging
import time
from collections.abc import Callable

from django.db import DatabaseError, InterfaceError, close_old_connections

from projections import errors, failure, operations, registry, retrying
from projections.models import Operation
from projections.rebuilding import automatic, overtaken, steps

logger = logging.getLogger(__name__)

# A slot is given back after this, so that operations share them. Seconds.
TENANCY_S = 5.0
# Between two looks while nothing can be done. Seconds.
PAUSE_S = 0.2

# Takes one step of bounded length; True when there may be more to do at once.
Step = Callable[[Operation], bool]
STEPS: dict[str, Step] = {
    Operation.Kind.REBUILD: steps.step,
    Operation.Kind.ROLLBACK: steps.step,
    Operation.Kind.RETRY: retrying.step,
}


def work(*, seconds: float = TENANCY_S) -> int:
    """Works on what is unfinished for some seconds; returns how many steps it took."""
    ends = time.monotonic() + seconds
    count = 0
    try:
        _begin_due()
        while time.monotonic() < ends and (found := operations.unfinished()):
            took = sum(step(each) for each in found if _is_ours(each))
            count += took
            if not took:
                time.sleep(PAUSE_S)
    except (DatabaseError, InterfaceError) as error:
        if not failure.is_infrastructure(error):
            raise
        # Nothing is lost: every step is a transaction, and the sweep comes again.
        logger.warning("waiting for the database: %s", str(error).partition("\n")[0])
        close_old_connections()
    return count


def _begin_due() -> None:
    try:
        overtaken.discard()
        automatic.begin_due()
    except Exception as error:
        if failure.is_infrastructure(error):
            raise
        # What is under way must not wait for a projection that cannot be rebuilt.
        logger.error("what is due cannot be begun: %s", failure.told(error))


def step(operation: Operation) -> bool:
    """Takes one step of an operation; one that raises ends it as failed.

    True when there may be more to do at once. Raises faults of the infrastructure.
    """
    try:
        return STEPS[operation.kind](operation)
    except Exception as error:
        if failure.is_infrastructure(error):
            raise
        logger.error("%s failed: %s", operation, failure.told(error))
        ended = operations.end(
            operation, Operation.State.FAILED, note=failure.described(error)["error"]
        )
        return ended


def _is_ours(operation: Operation) -> bool:
    """Whether this process has the code for it; another version's worker may have."""
    try:
        found = registry.subscriber(operation.projection)
    except errors.UnknownProjection:
        return False
    return found.maintains(operation.version)
