"""Says which server is away and what to do, where a connection failed."""

import django.db
import kombu.exceptions
import redis
from django.conf import settings

from cqrs_site import environment
from cqrs_site.embedded import postgres
from cqrs_site.embedded import redis as embedded_redis

START = "start it with bin/up, or set"


def explain(error: Exception) -> str | None:
    """One line; None when the error is not about a server that is away."""
    if isinstance(error, django.db.OperationalError | django.db.InterfaceError):
        return _postgres(error)
    if isinstance(error, redis.ConnectionError | kombu.exceptions.OperationalError):
        return _redis(error)
    return None


def _postgres(error: Exception) -> str | None:
    if settings.EMBEDDED_POSTGRES:
        if postgres.is_running(environment.LOCAL_DIR / "postgres"):
            return None
        return (
            "the embedded PostgreSQL of this checkout is not running: "
            f"{START} DATABASE_URL"
        )
    if "connection" not in str(error):
        return None
    return (
        f"PostgreSQL (DATABASE_URL) cannot be reached: {' '.join(str(error).split())}"
    )


def _redis(error: Exception) -> str | None:
    if settings.EMBEDDED_REDIS:
        if embedded_redis.is_running(environment.LOCAL_DIR / "redis"):
            return None
        return f"the embedded Redis of this checkout is not running: {START} REDIS_URL"
    return f"Redis (REDIS_URL) cannot be reached: {' '.join(str(error).split())}"
