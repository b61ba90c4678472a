"""Where a read model stands, and waiting until it has a write that a reader demands."""

import time

from eventstore import log
from eventstore.errors import BadToken
from eventstore.tokens import Token
from projections import checkpoints, errors, partitions, status, waiting
from projections.models import Checkpoint


def position(name: str, *, stream: str | None = None) -> int:
    """Position a projection stands at: of the stream's partition, or the lowest one."""
    return waiting.standing(checkpoints.live(name), stream)


def partition(name: str, *, stream: str) -> Checkpoint | None:
    """The checkpoint of the stream's partition; None before the projection's start."""
    found = checkpoints.live(name)
    return found[partitions.bucket(stream, found[0].partitions)] if found else None


def wait(name: str, token: Token, *, seconds: float, stream: str | None = None) -> int:
    """Returns the projection's position once it has the token's write.

    stream: the one that is read, whose partition has to have it; without it all
    partitions have to. Rows must be read after this, never before.
    Raises errors.Behind after `seconds`, or at once where too many wait already;
    BadToken for a token of another epoch.
    """
    refuse_former_epoch(token)
    stands = position(name, stream=stream)
    if stands < token.position and seconds > 0:
        stands = _wait(name, token.position, stream=stream, seconds=seconds)
    if stands < token.position:
        raise behind(name, stream=stream)
    return stands


def refuse_former_epoch(token: Token) -> None:
    """Raises BadToken for a token that a restore of the log has made void."""
    if token.epoch != log.identity().epoch:
        raise BadToken("the token is older than the last restore of the log")


def behind(name: str, *, stream: str | None = None) -> errors.Behind:
    """How far a projection is behind the log, as the error to raise."""
    stands = position(name, stream=stream)
    now = status.of(name)
    return errors.Behind(
        projection=name,
        position=stands,
        lag_events=now.lag_events,
        lag_seconds=now.lag_seconds,
    )


def _wait(name: str, wanted: int, *, stream: str | None, seconds: float) -> int:
    """Where the projection stands when it has arrived, or when the time is over."""
    since = time.monotonic()
    until = since + seconds
    try:
        with waiting.LOOKOUT.place():
            while time.monotonic() < until:
                waiting.LOOKOUT.wait(
                    name, wanted, stream=stream, since=since, until=until
                )
                if (stands := position(name, stream=stream)) >= wanted:
                    return stands
    except waiting.NoPlace:
        pass
    return position(name, stream=stream)
