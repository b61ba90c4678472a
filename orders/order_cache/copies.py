"""The copies that Redis holds: looked at, filled, marked before a write, put after it.

All functions but `counts` raise redis_client.Away, at once while Redis is away.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from secrets import token_hex
from typing import Any, Literal
from uuid import UUID

import redis
from django.conf import settings

from eventstore import log, redis_client
from orders.order_cache import scripts
from orders.order_cache.rendered import Rendered

# While PostgreSQL is away a copy is served for so long beyond its ttl. Seconds.
KEPT_S = 900
# Longer than the transaction of any batch: its lease ends after some seconds.
MARK_S = 60
# Longer than any reader needs for one row.
LEASE_S = 5
MIB = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """An order as it was when the read model of a tag stood at a position."""

    tag: str
    version: int
    position: int
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """hit: there is a `copy`. fill: the caller has the lease, reads the row, and calls
    `fill` or `give_up`. read: it reads the row alone. wait: another one fills.
    """

    result: Literal["hit", "fill", "read", "wait"]
    copy: Copy | None = None


def look(order_id: UUID, *, tag: str, at_least: int, token: str, is_last: bool) -> Look:
    """The copy that carries the tag, is of version `at_least` and younger than the ttl;
    else what to do. token: of the lease that is asked for; is_last: never `wait`.
    """
    ttl_ms = settings.CQRS.query_side.caching.ttl_seconds * 1000
    result, *rest = _run(
        scripts.LOOK,
        [order_id, tag, at_least, ttl_ms, token, LEASE_S * 1000, int(is_last)],
    )
    return Look(result=result.decode(), copy=_parsed(rest[0]) if rest else None)


def fill(
    order_id: UUID, order: Rendered, *, token: str, tag: str, position: int
) -> None:
    """Stores what the holder of a lease has read, if no write has revoked the lease."""
    _run(
        scripts.FILL,
        [order_id, token, tag, order.version, position, order.body, _kept_ms()],
    )
    _trim()


def give_up(order_id: UUID, *, token: str) -> None:
    """Gives a lease back: there is nothing to store."""
    _run(scripts.GIVE_UP, [order_id, token])


def mark(order_ids: Sequence[UUID]) -> str:
    """Drops copies and leases of orders that are about to be written; the token of the
    mark that stands in their place.
    """
    token = new_token()
    _run(scripts.MARK, [token, MARK_S * 1000, *order_ids])
    return token


def unmark(order_ids: Sequence[UUID], *, token: str) -> None:
    """Takes the marks of a write away again."""
    _run(scripts.UNMARK, [token, *order_ids])


def put(orders: Sequence[Rendered], *, token: str, tag: str, position: int) -> None:
    """Stores orders that were written: in place of the write's own mark or of an older
    copy, never where there is nothing or the mark of a later write.
    """
    flat = [
        part for each in orders for part in (each.order_id, each.version, each.body)
    ]
    _run(scripts.PUT, [token, tag, position, _kept_ms(), *flat])
    _trim()


def last_known(order_id: UUID) -> Copy | None:
    """The copy whatever its tag, until KEPT_S after its ttl."""
    with redis_client.without_waiting() as client:
        found: Any = client.get(f"{root()}:{order_id}")
    return _parsed(found) if found and found.startswith(b"c|") else None


def count_stale() -> None:
    with redis_client.without_waiting() as client:
        client.hincrby(f"{root()}:counts", "stale", 1)


def counts() -> dict[str, int]:
    """Requests by result (hit, miss, stale) of all processes, since Redis was empty."""
    with redis_client.connect(timeout_s=1) as client:
        found: Any = client.hgetall(f"{root()}:counts")
    return {result.decode(): int(count) for result, count in found.items()}


def size() -> int:
    """Bytes that the copies take, roughly."""
    with redis_client.connect(timeout_s=1) as client:
        found: Any = client.hget(f"{root()}:sizes", "")
    return int(found or 0)


def new_token() -> str:
    return token_hex(8)


@cache
def root() -> str:
    """Of all keys: logs that share a Redis do not share copies."""
    return f"{{cqrs:{log.identity().log_id}}}:order"


def _trim() -> None:
    limit = settings.CQRS.query_side.caching.size_mb * MIB
    while _run(scripts.TRIM, [limit, _kept_ms()]):
        pass


def _kept_ms() -> int:
    return (settings.CQRS.query_side.caching.ttl_seconds + KEPT_S) * 1000


def _run(script: str, arguments: Sequence[object]) -> Any:
    values: Any = [str(each) if isinstance(each, UUID) else each for each in arguments]
    with redis_client.without_waiting() as client:
        return _registered(script)(keys=[root()], args=values, client=client)


@cache
def _registered(script: str) -> Any:
    return redis.Redis().register_script(script)


def _parsed(stored: bytes) -> Copy:
    head, _, body = stored.partition(b"\n")
    _, tag, version, _, position = head.decode().split("|")
    return Copy(tag=tag, version=int(version), position=int(position), body=body)
