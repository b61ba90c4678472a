"""Tells whoever waits that the log has grown: a hint, which may be lost.

One element in a Redis list wakes one waiting follower in about 0.3 ms; NOTIFY would
take a lock of the whole cluster in every append. Nothing depends on a hint: workers
are swept every second.
"""

import contextlib

import redis

from eventstore import redis_client

HINTS = "cqrs:log-has-grown"


def hint() -> None:
    """Pushes a hint and keeps just one. Never raises for a Redis that is away."""
    with (
        contextlib.suppress(redis_client.Away),
        redis_client.without_waiting() as client,
        client.pipeline(transaction=False) as pipeline,
    ):
        pipeline.lpush(HINTS, b"1")
        pipeline.ltrim(HINTS, 0, 0)
        pipeline.execute()


def wait(client: redis.Redis, *, timeout_s: float) -> bool:
    """Blocks until a hint comes or timeout_s has passed; True when there was a hint.

    `client` is the caller's own, with a socket time-out above timeout_s.
    """
    return client.blpop([HINTS], timeout=timeout_s) is not None
