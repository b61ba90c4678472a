"""Redis: memory and what happens when it is full, clients, persistence."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone

from eventstore import redis_client
from monitoring.system.findings import Finding

TIMEOUT_S = 1.0
# Share of maxmemory from which on it is nearly full.
NEARLY_FULL = 0.9


def look() -> list[Finding]:
    """Of the Redis of hints and caches. Raises RedisError."""
    with redis_client.connect(timeout_s=TIMEOUT_S) as client:
        facts: dict[str, Any] = client.info()
        keys: int = client.dbsize()
    return list(_findings(facts, keys))


def broker_is_here() -> bool:
    """Whether Celery's messages are on the same server."""
    return _server(settings.CELERY_BROKER_URL) == _server(settings.REDIS_URL)


def _server(url: str) -> tuple[str | None, int]:
    parts = urlsplit(url)
    if not parts.scheme.startswith("redis"):
        return parts.geturl(), 0
    return parts.hostname, parts.port or 6379


def _findings(facts: dict[str, Any], keys: int) -> Iterator[Finding]:
    up_since = timezone.now() - timedelta(seconds=facts["uptime_in_seconds"])
    yield Finding(name="version", value=facts["redis_version"])
    yield Finding(name="up since", value=up_since)
    yield _memory(facts["used_memory"], facts.get("maxmemory", 0))
    yield _policy(facts.get("maxmemory_policy", "unknown"), facts["evicted_keys"])
    yield Finding(name="evicted keys", value=facts["evicted_keys"])
    yield Finding(name="clients", value=facts["connected_clients"])
    yield Finding(
        name="operations", value=facts["instantaneous_ops_per_sec"], unit="per s"
    )
    yield Finding(name="keys", value=keys)
    yield from _persistence(facts)
    where = "on this server" if broker_is_here() else "on another server"
    yield Finding(name="messages of Celery", value=where)


def _memory(used: int, most: int) -> Finding:
    is_full = bool(most) and used >= NEARLY_FULL * most
    return Finding(
        name="memory",
        value=used,
        unit=f"of {most} bytes" if most else "bytes",
        state="careful" if is_full else "good",
        sentence="Nearly full: what is written next is refused, or evicts."
        if is_full
        else "",
    )


def _policy(policy: str, evicted: int) -> Finding:
    """Read models and messages must live where nothing is evicted."""
    evicts = policy != "noeviction"
    what = "messages and read models" if broker_is_here() else "read models"
    return Finding(
        name="when full",
        value=policy,
        state=("bad" if evicted else "careful") if evicts else "good",
        sentence=f"It may evict {what}: set maxmemory-policy noeviction."
        if evicts
        else "",
    )


def _persistence(facts: dict[str, Any]) -> Iterator[Finding]:
    saved = datetime.fromtimestamp(facts["rdb_last_save_time"], UTC)
    is_aof = bool(facts.get("aof_enabled"))
    failed = "err" in {
        facts.get("rdb_last_bgsave_status"),
        facts.get("aof_last_write_status"),
    }
    yield Finding(
        name="persistence",
        value="append-only file" if is_aof else "snapshots",
        state="bad" if failed else "good",
        sentence="The last write to its disk failed."
        if failed
        else f"Last snapshot {saved.isoformat(timespec='seconds')}.",
    )
