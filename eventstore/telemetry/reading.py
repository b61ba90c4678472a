"""Reads from Redis what all processes have told."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import redis

from eventstore import redis_client
from eventstore.breaker import Breaker
from eventstore.telemetry import slots
from eventstore.telemetry.slots import Labels

# Who reads is a page or a task, not a command: it may wait a little, once.
TIMEOUT_S = 1.0
_breaker = Breaker(rest_s=1.0, trial_s=1.0)


@contextmanager
def client() -> Iterator[redis.Redis]:
    """Raises redis_client.Away, at once within a second after it was away."""
    if not _breaker.may_try():
        raise redis_client.Away("Redis was away a moment ago")
    try:
        with redis_client.connect(timeout_s=TIMEOUT_S) as connected:
            yield connected
    except redis.RedisError as error:
        _breaker.failed()
        raise redis_client.Away(str(error)) from error
    _breaker.worked()


def counts(kind: str, *, first: int, last: int) -> Counter[Labels]:
    """How often each row of labels was seen from slot `first` to `last`, both included.

    Slots are kept for an hour. Raises redis_client.Away.
    """
    found: Counter[Labels] = Counter()
    with client() as connected, connected.pipeline(transaction=False) as pipeline:
        for slot in range(first, last + 1):
            pipeline.hgetall(slots.key(kind, slot))
        for counted in pipeline.execute():
            for field, times in counted.items():
                found[tuple(field.decode().split(slots.SEPARATOR))] += int(times)
    return found


def newest(names: Sequence[str]) -> list[bytes]:
    """The entries of the lists of these names, each newest first.

    Raises redis_client.Away.
    """
    with client() as connected, connected.pipeline(transaction=False) as pipeline:
        for name in names:
            pipeline.lrange(slots.list_key(name), 0, -1)
        return [entry for entries in pipeline.execute() for entry in entries]


def since(*, minutes: float) -> tuple[int, int]:
    """The first and last slot of the latest minutes; the last one is not over yet."""
    now = slots.now()
    return now - int(minutes * 60) // slots.SLOT_S + 1, now
