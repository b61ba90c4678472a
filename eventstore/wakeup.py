"""Tells whoever waits that the log has grown: a hint, which may be lost.

One element in a Redis list wakes one waiting follower in about 0.3 ms; NOTIFY would
take a lock of the whole cluster in every append. Nothing depends on a hint: workers
are swept every second.
"""

import logging
import threading
import time

import redis

from eventstore import redis_client

logger = logging.getLogger(__name__)

HINTS = "cqrs:log-has-grown"
# A command must not wait for a Redis that hangs: 50 ms, then nobody tries for 1 s.
TIMEOUT_S = 0.05
BREAK_S = 1.0

_lock = threading.Lock()
_client: redis.Redis | None = None
_broken_until = 0.0


def hint() -> None:
    """Pushes a hint and keeps just one. Never raises for a Redis that is away."""
    global _broken_until
    if time.monotonic() < _broken_until:
        return
    try:
        with _connected().pipeline(transaction=False) as pipeline:
            pipeline.lpush(HINTS, b"1")
            pipeline.ltrim(HINTS, 0, 0)
            pipeline.execute()
    except redis.RedisError as error:
        _broken_until = time.monotonic() + BREAK_S
        logger.warning("Redis is away, hints pause for %s s: %s", BREAK_S, error)


def wait(client: redis.Redis, *, timeout_s: float) -> bool:
    """Blocks until a hint comes or timeout_s has passed; True when there was a hint.

    `client` is the caller's own, with a socket time-out above timeout_s.
    """
    return client.blpop([HINTS], timeout=timeout_s) is not None


def _connected() -> redis.Redis:
    global _client
    with _lock:
        if _client is None:
            _client = redis_client.connect(timeout_s=TIMEOUT_S)
        return _client
