"""What a worker does with a rebuild or roll back in each of its states."""

import logging

from django.conf import settings

from projections import errors, failure, operations
from projections.models import Operation
from projections.rebuilding import comparing, ending, filling, swapping, tailing

logger = logging.getLogger(__name__)

State = Operation.State
AT_WORK = (State.FILLING, State.TAILING, State.COMPARING, State.SWAPPING)


def step(operation: Operation) -> bool:
    """Takes it a step further; True when there may be more to do at once.

    A fault of code or tables ends it as failed, with nothing left behind. Faults of the
    infrastructure are raised: the next look tries again. So does a step that outlived
    its leases, by less where it can.
    """
    if _waits_its_turn(operation):
        if not operation.note:
            operations.note(operation, note="waits until another rebuild has ended")
        return False
    try:
        return _step(operation)
    except Exception as error:
        if failure.is_infrastructure(error):
            raise
        if isinstance(error, errors.RedisAway):
            operations.note(operation, note=f"waits: {error}")
            return False
        operation.refresh_from_db()
        if operation.finished_at:
            return False  # cancelled: what failed was broken off
        if failure.is_timeout(error):
            operations.note(operation, note=f"too slow, tries again: {error}".strip())
            return False
        logger.error("%s failed: %s", operation, failure.told(error))
        ending.fail(operation, failure.described(error)["error"])
        return False


def _step(operation: Operation) -> bool:
    match operation.state:
        case State.FILLING:
            return filling.step(operation)
        case State.TAILING:
            return tailing.step(operation)
        case State.COMPARING:
            return comparing.step(operation)
        case State.SWAPPING:
            return swapping.step(operation)
    return False  # ready: an operator decides


def _waits_its_turn(operation: Operation) -> bool:
    """Whether it has not begun to fill, and enough others are at work already."""
    if operation.state != State.FILLING or operation.done:
        return False
    before = Operation.objects.filter(
        finished_at=None, state__in=AT_WORK, pk__lt=operation.pk
    )
    return before.count() >= settings.CQRS.query_side.rebuild.at_once
