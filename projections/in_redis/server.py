"""The Redis that has the entries: one client a process, its faults as ours."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import redis

from eventstore import redis_client
from projections import errors

# A worker waits so long with a lease in hand, a reader with its request. Seconds.
TIMEOUT_S = 1.0


@contextmanager
def client() -> Iterator[redis.Redis]:
    """Raises RedisAway when the block meets a Redis that does not answer or refuses."""
    try:
        yield _client()
    except redis.RedisError as error:
        raise errors.RedisAway(fault=str(error)) from error


def run(script: str, keys: Sequence[str], arguments: Sequence[Any]) -> Any:
    """What a Lua script returns, which Redis runs as one step. Raises RedisAway."""
    with client() as connected:
        return connected.register_script(script)(keys=keys, args=arguments)


@cache
def _client() -> redis.Redis:
    return redis_client.connect(timeout_s=TIMEOUT_S)
