"""Clients of the Redis that carries hints and caches, which may be away at any time."""

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry


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
