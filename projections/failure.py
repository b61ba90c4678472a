"""What happens when a batch fails: nothing is stored, and it is tried again later."""

import logging
import traceback
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.db.models import F
from django.utils import timezone

from eventstore.errors import WrongDataKey
from projections import back_off, errors
from projections.models import Checkpoint

logger = logging.getLogger(__name__)

# SQLSTATE classes that say nothing about the event: connection, serialisation and
# deadlock, resources, operator intervention (PostgreSQL manual, appendix A).
INFRASTRUCTURE = ("08", "40", "53", "57", "55P03")
# A lease that ran out while folding, a statement that was cancelled: too much at once.
TIMEOUTS = ("25P03", "57014")


_OF_PROJECTION = (
    errors.LogDiverged,
    errors.TooManyDeadLetters,
    errors.RedisAway,
    errors.RowsLost,
    ImportError,
    MemoryError,
)
# A stored text is no longer: a message may carry a whole event. Characters.
LONGEST_ERROR = 2_000
LONGEST_TRACEBACK = 20_000
LONGEST_CATEGORY = 50
# Until a partition whose Redis is away looks again.
REDIS_PAUSE = timedelta(seconds=1)


def is_infrastructure(error: BaseException) -> bool:
    """Whether the database or the set-up, not the event or the code, made it fail."""
    if isinstance(error, WrongDataKey):
        return True
    state = _sqlstate(error)
    if state is None:
        return isinstance(error, OperationalError | InterfaceError)
    return state.startswith(INFRASTRUCTURE) and state not in TIMEOUTS


def is_timeout(error: BaseException) -> bool:
    """Whether the batch took longer than it may: fewer events at once may help."""
    return _sqlstate(error) in TIMEOUTS


def is_of_event(error: BaseException) -> bool:
    """Whether the event (or the code for it) is at fault, so that others may go on.

    Not: the database, a fold that takes too long, code or tables that are broken for
    every event (SQLSTATE class 42, a module that is missing, memory), and more failing
    events than may be held.
    """
    if is_infrastructure(error) or is_timeout(error):
        return False
    if isinstance(error, _OF_PROJECTION):
        return False
    return not (_sqlstate(error) or "").startswith("42")


def _sqlstate(error: BaseException) -> str | None:
    state: str | None = getattr(error.__cause__, "sqlstate", None)
    return state


def record(checkpoint: Checkpoint, error: Exception) -> None:
    """Notes why a partition does not move, and when it is tried again.

    A log that diverged faults the partition at once: only a rebuild helps. A failing
    `fold` is tried again with back-off; after max_attempts, or at once where too many
    streams would be held, the partition shows as faulted and is still tried, so that
    a fix takes effect without a hand.
    """
    if isinstance(error, errors.RedisAway):
        _wait_for_redis(checkpoint, error)
        return
    logger.error("%s failed: %s", checkpoint, told(error))
    changes: dict[str, Any] = {
        "failures": F("failures") + 1,
        "failure": described(error),
        "next_attempt_at": back_off.next_attempt_at(
            checkpoint.projection, failures=checkpoint.failures + 1
        ),
    }
    if isinstance(error, errors.LogDiverged):
        changes["state"] = Checkpoint.State.FAULTED
    _change(checkpoint, changes)


def _wait_for_redis(checkpoint: Checkpoint, error: errors.RedisAway) -> None:
    """Nobody's fault, so it counts as no failure; others get their turn meanwhile."""
    if text(checkpoint, "category") != error.code:
        logger.warning("%s waits: %s", checkpoint, error)
    retry = timezone.now() + REDIS_PAUSE
    _change(checkpoint, {"failure": described(error), "next_attempt_at": retry})


def _change(checkpoint: Checkpoint, changes: dict[str, Any]) -> None:
    # Paused since it was read: what is both paused and faulted nobody could help.
    Checkpoint.objects.filter(
        pk=checkpoint.pk, position=checkpoint.position, state=checkpoint.state
    ).update(**changes)


def try_again(projection: str) -> None:
    """Lets partitions that too many held streams stopped try again at once."""
    Checkpoint.objects.filter(
        projection=projection, failure__category=errors.TooManyDeadLetters.code
    ).update(next_attempt_at=None)


def is_faulted(checkpoint: Checkpoint) -> bool:
    attempts = settings.CQRS.query_side.projection(checkpoint.projection).max_attempts
    return (
        checkpoint.state == Checkpoint.State.FAULTED
        or checkpoint.failures >= attempts
        or text(checkpoint, "category") == errors.TooManyDeadLetters.code
    )


def text(checkpoint: Checkpoint | None, part: str) -> str:
    """The "category", "error" or "traceback" of a partition's failure; "" for none."""
    return checkpoint.failure[part] if checkpoint and checkpoint.failure else ""


def described(error: Exception) -> dict[str, str]:
    """Its "category", "error" and "traceback", bounded, as the database takes them."""
    code = getattr(error, "code", None)  # of foreign errors anything, such as a number
    return {
        "category": code[:LONGEST_CATEGORY] if isinstance(code, str) else "handler",
        "error": _storable(f"{type(error).__name__}: {error}")[:LONGEST_ERROR],
        "traceback": _storable("".join(traceback.format_exception(error)))[
            -LONGEST_TRACEBACK:
        ],
    }


def told(error: BaseException) -> str:
    """For a log, which forgets nobody: the kinds of errors and the lines of code; no
    messages, which may quote an event or a row.
    """
    kinds, lines = [], traceback.format_tb(error.__traceback__)
    cause: BaseException | None = error
    while cause is not None:
        kinds.append(type(cause).__name__)
        cause = cause.__cause__
    state = _sqlstate(error)
    named = " from ".join(kinds) + (f" {state}" if state else "")
    return f"{named}\n{''.join(lines)}".rstrip()


def _storable(text: str) -> str:
    # A message that quotes its event may carry what no text column takes.
    printable = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return printable.replace("\x00", "\\x00")
