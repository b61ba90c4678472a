"""Where a read model stands, and waiting until it has a write that a reader demands."""

import time

from django.conf import settings

from eventstore import log
from eventstore.errors import BadToken
from eventstore.tokens import Token
from projections import checkpoints, errors, partitions, status
from projections.models import Checkpoint

# Between looks at a checkpoint: most writes are visible within a few milliseconds, so
# the first looks are close; seconds.
FIRST_LOOK_S = 0.002


def position(name: str, *, stream: str | None = None) -> int:
    """Position a projection stands at: of the stream's partition, or the lowest one."""
    return _position(checkpoints.live(name), stream)


def wait(name: str, token: Token, *, seconds: float, stream: str | None = None) -> int:
    """Returns the projection's position once it has the token's write.

    stream: the one that is read, whose partition has to have it; without it all
    partitions have to. Rows must be read after this, never before.
    Raises errors.Behind after `seconds`, BadToken for a token of another epoch.
    """
    refuse_former_epoch(token)
    ends = time.monotonic() + seconds
    pause = FIRST_LOOK_S
    longest = settings.CQRS.query_side.consistency.polling_interval_ms / 1000
    while (stands := position(name, stream=stream)) < token.position:
        left = ends - time.monotonic()
        if left <= 0:
            raise behind(name, stream=stream)
        time.sleep(min(pause, left))
        pause = min(pause * 2, longest)
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


def _position(found: list[Checkpoint], stream: str | None) -> int:
    if stream is not None and found:
        partition = partitions.bucket(stream, found[0].partitions)
        return found[partition].position
    return min((each.position for each in found), default=0)
