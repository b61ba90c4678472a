"""Clients of the Redis that carries hints and caches, which may be away at any time."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from eventstore.breaker import Breaker

logger = logging.getLogger(__name__)

# No request waits for a Redis that hangs: 50 ms, then nobody tries for 1 s.
TIMEOUT_S = 0.05
BREAK_S = 1.0


class Away(Exception):
    """Redis cannot be reached, or failed within the last second."""


_lock = threading.Lock()
_client: redis.Redis | None = None
_breaker = Breaker(rest_s=BREAK_S, trial_s=BREAK_S)


def connect(*, timeout_s: float) -> redis.Redis:
    """A client that gives up after timeout_s and never tries twice by itself.

    The library's own three retries would make a command wait four times as long for a
    Redis that hangs.
    """
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=timeout_s,
        socket_connect_timeout=timeout_s,
        retry=Retry(NoBackoff(), 0),
    )


@contextmanager
def without_waiting() -> Iterator[redis.Redis]:
    """The process's client, for what can do without Redis; threads may share it.

    Raises Away, at once while Redis is known to be away. Whether a request that
    failed took effect is not known.
    """
    if not _breaker.may_try():
        raise Away(f"Redis was away less than {BREAK_S} s ago")
    try:
        yield _shared()
    except redis.RedisError as error:
        _breaker.failed()
        logger.warning("Redis is away, nobody tries for %s s: %s", BREAK_S, error)
        raise Away(str(error)) from error
    _breaker.worked()


def forget_shared() -> None:
    """Closes the process's client; the next one goes where the settings say then."""
    global _client
    with _lock:
        if _client is not None:
            _client.close()
        _client = None
    _breaker.worked()


def _shared() -> redis.Redis:
    global _client
    with _lock:
        if _client is None:
            _client = connect(timeout_s=TIMEOUT_S)
        return _client
