"""Where a read model stands, and waiting until it has a write that a reader demands."""

import time

from django.conf import settings
from django.utils import timezone

from eventstore import log, store
from eventstore.errors import BadToken
from eventstore.tokens import Token
from projections import batch, checkpoints, errors
from projections.models import Checkpoint

# Between looks at a checkpoint: most writes are visible within a few milliseconds, so
# the first looks are close; seconds.
FIRST_LOOK_S = 0.002


def position(name: str, *, stream: str | None = None) -> int:
    """Position a projection stands at: of the stream's partition, or the lowest one."""
    return _position(checkpoints.live(name), stream)


def wait(name: str, token: Token, *, seconds: float, whole: bool = False) -> int:
    """Returns the projection's position once it has the token's write.

    whole: all partitions have to have it (lists), not only that of its stream. Rows
    must be read after this, never before.
    Raises errors.Behind after `seconds`, BadToken for a token of another epoch.
    """
    if token.epoch != log.identity().epoch:
        raise BadToken("the token is older than the last restore of the log")
    stream = None if whole else token.stream
    ends = time.monotonic() + seconds
    pause = FIRST_LOOK_S
    longest = settings.CQRS.query_side.consistency.polling_interval_ms / 1000
    while True:
        found = checkpoints.live(name)
        stands = _position(found, stream)
        if stands >= token.position:
            return stands
        left = ends - time.monotonic()
        if left <= 0:
            raise _behind(name, stands, token.position)
        time.sleep(min(pause, left))
        pause = min(pause * 2, longest)


def _position(found: list[Checkpoint], stream: str | None) -> int:
    if stream is not None and found:
        partition = batch.bucket(stream, found[0].partitions)
        return found[partition].position
    return min((each.position for each in found), default=0)


def _behind(name: str, stands: int, demanded: int) -> errors.Behind:
    missing = store.read_settled(after=stands, limit=1, up_to=demanded)
    age = timezone.now() - missing[0].recorded_at if missing else None
    return errors.Behind(
        projection=name,
        position=stands,
        lag_events=max(store.head() - stands, 0),
        lag_seconds=max(age.total_seconds(), 0.0) if age else 0.0,
    )
