"""Read-your-writes over HTTP: the write a request demands, where an answer stands.

Every query calls `demand` before it reads rows: rows read afterwards are at least as
new as the position it returns.
"""

import logging
import math
import re
import time
from collections.abc import Sequence

from django.conf import settings
from rest_framework.request import Request

from api.problems import DATABASE_AWAY, Problem
from eventstore import errors as log_errors
from eventstore import store, tokens
from projections import consistency, dead_letters, errors, reading, replicas
from projections.models import Checkpoint

logger = logging.getLogger(__name__)

PREFERENCE_APPLIED = "Preference-Applied"
READ_POSITION = "Read-Position"
PARKED_ORDERS = "Parked-Orders"
LONGEST_WAIT_S = 30
PARKED_RETRY_S = 60  # an operator is no machine

_WAIT = re.compile(r"(?:^|[,;\s])wait\s*=\s*\"?(\d{1,6})\"?(?:$|[,;\s])")


def demand(request: Request, name: str, *, stream: str | None = None) -> int:
    """The position the projection stands at, with the request's token honoured.

    stream: the one that is asked for; without it (lists) every partition has to have
    the demanded write. Raises Problem 400 `bad-consistency-token`, 503
    `read-model-behind`, 503 `order-parked`.
    """
    _begin(request, [name], stream)
    return _demand(request, name, stream=stream, seconds=_seconds(request))


def demand_partition(request: Request, name: str, *, stream: str) -> Checkpoint | None:
    """As `demand`, for who needs the whole checkpoint of the stream's partition.

    Always the primary's: what is read by it may be kept as a copy for others.
    """
    reading.begin()
    if request.headers.get("Consistency-Token"):
        _demand(request, name, stream=stream, seconds=_seconds(request))
    return consistency.partition(name, stream=stream)


def demanded(request: Request) -> tokens.Token | None:
    """The request's token, unchecked against the log. Raises Problem 400
    `bad-consistency-token`.
    """
    text = request.headers.get("Consistency-Token")
    try:
        return tokens.parse(text) if text else None
    except log_errors.BadToken as error:
        raise Problem(status=400, code=error.code, detail=str(error)) from error


def demand_all(request: Request, names: Sequence[str]) -> int:
    """As `demand` of several projections in the time of one: the lowest position."""
    _begin(request, names, None)
    ends = time.monotonic() + _seconds(request)
    return min(
        _demand(request, name, stream=None, seconds=max(ends - time.monotonic(), 0))
        for name in names
    )


def demand_log(request: Request) -> int:
    """For queries that read the log itself, which has every write: where it ends.

    Raises Problem 400 `bad-consistency-token`.
    """
    reading.begin()
    if text := request.headers.get("Consistency-Token"):
        try:
            consistency.refuse_former_epoch(tokens.parse(text))
        except log_errors.BadToken as error:
            raise Problem(status=400, code=error.code, detail=str(error)) from error
    return store.head()


def _demand(request: Request, name: str, *, stream: str | None, seconds: float) -> int:
    text = request.headers.get("Consistency-Token")
    if not text:
        return consistency.position(name, stream=stream)
    try:
        token = tokens.parse(text)
        refuse_held(name, stream)
        stands = consistency.wait(name, token, stream=stream, seconds=seconds)
        # The checkpoint goes on past a stream that was parked meanwhile: look after
        # the position, and before the rows.
        refuse_held(name, stream)
        return stands
    except log_errors.BadToken as error:
        raise Problem(status=400, code=error.code, detail=str(error)) from error
    except errors.Behind as error:
        raise behind(error) from error


def _begin(request: Request, names: Sequence[str], stream: str | None) -> None:
    """Chooses the server that all is read from which follows.

    Where no replica has what is demanded it is the primary, and there it is waited for.
    """
    reading.begin()
    if not replicas.aliases() or not reading.may_use_replicas():
        return
    text = request.headers.get("Consistency-Token")
    try:
        position = tokens.parse(text).position if text else 0
    except log_errors.BadToken:
        return  # it is refused soon
    reading.read_from(replicas.fresh(names, stream=stream, position=position))


def applied(
    request: Request, names: Sequence[str], *, token: str, streams: Sequence[str]
) -> dict[str, str]:
    """The header of a command's answer whose `Prefer: wait=N` came true; {} otherwise.

    Waits until all the projections have the write of the token, in all partitions where
    it is of several streams, as long as is asked for. Raises nothing: the write is
    durable, whatever becomes of the waiting.
    """
    seconds = preferred_wait(request)
    if seconds is None:
        return {}
    ends = time.monotonic() + seconds
    one = streams[0] if len(streams) == 1 else None
    try:
        for name in names:
            left = max(0, ends - time.monotonic())
            consistency.wait(name, tokens.parse(token), stream=one, seconds=left)
        if any(dead_letters.is_held(name, *streams) for name in names):
            return {}
    except (errors.Behind, log_errors.BadToken, *DATABASE_AWAY) as error:
        logger.info("not waited for %s: %s", one or "a bulk", error)
        return {}
    return {PREFERENCE_APPLIED: f"wait={seconds}"}


def refuse_held(name: str, stream: str | None) -> None:
    """Raises Problem 503 `order-parked` while the stream is held for the projection."""
    if stream is not None and dead_letters.is_held(name, stream):
        raise held(name)


def refuse_held_by_now(request: Request, name: str, stream: str) -> None:
    """After the rows were read, for a request with a token: as `refuse_held`.

    A swap between the position and the rows puts other tables in place, for which the
    stream may be held though it was not for the former ones.
    """
    if request.headers.get("Consistency-Token"):
        refuse_held(name, stream)


def held(name: str) -> Problem:
    """503: an operator has to look before the order can be read as it is now."""
    return Problem(
        status=503,
        code="order-parked",
        detail=f"An event of this order cannot be read into {name}: an operator has to "
        "look. What was accepted is durable.",
        headers={"Retry-After": str(PARKED_RETRY_S)},
    )


def parked(*names: str) -> dict[str, str]:
    """The header of a list that may lack orders which are held for one of the
    projections; {} when none is.
    """
    count = dead_letters.count(*names)
    return {PARKED_ORDERS: str(count)} if count else {}


def missing(name: str, *, stream: str) -> Problem | None:
    """Of a stream without rows: 503, since the log has it; None, since it has not.

    Raises Problem 503 `order-parked`.
    """
    refuse_held(name, stream)
    if store.version_of(stream):
        return behind(consistency.behind(name, stream=stream))
    return None


def behind(error: errors.Behind) -> Problem:
    """503: the write is accepted and durable, and not in this read model yet."""
    return Problem(
        status=503,
        code=error.code,
        detail=f"The read model {error.projection} does not have that write yet.",
        headers={"Retry-After": str(max(1, math.ceil(min(error.lag_seconds, 30))))},
        members={
            "lag_events": error.lag_events,
            "lag_seconds": round(error.lag_seconds, 3),
        },
    )


def preferred_wait(request: Request) -> int | None:
    """Seconds of `Prefer: wait=N` (RFC 7240), at most 30; None when not given."""
    found = _WAIT.search(request.headers.get("Prefer", ""))
    return min(int(found[1]), LONGEST_WAIT_S) if found else None


def _seconds(request: Request) -> float:
    wait = preferred_wait(request)
    if wait is not None:
        return wait
    return settings.CQRS.query_side.consistency.default_timeout_ms / 1000
