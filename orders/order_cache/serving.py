"""Answers from copies where that is right, and fills what is missing, once for all."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from django.conf import settings

from eventstore import redis_client
from orders.order_cache import copies
from orders.order_cache.copies import Copy, Look
from orders.order_cache.rendered import Rendered

# Who finds that another reader fills waits for the copy, but not for ever. Seconds.
LONGEST_WAIT_S = 1.0
FIRST_PAUSE_S = 0.002
LONGEST_PAUSE_S = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An order's version and JSON, and where they come from."""

    result: Literal["hit", "miss"]
    version: int
    body: bytes


def find(
    order_id: UUID,
    *,
    tag: str,
    position: int,
    at_least: int,
    read: Callable[[UUID], Rendered | None],
) -> Found | None:
    """The order from its copy, else from `read`, which fills; None if there is none.

    tag, position: of the live rows, asked for before this call. at_least: no copy of
    an earlier version is served.
    """
    token = copies.new_token()
    look = _look(order_id, tag=tag, at_least=at_least, token=token)
    if look.copy is not None:
        return Found(result="hit", version=look.copy.version, body=look.copy.body)
    order = read(order_id)
    if look.result == "fill":
        _fill(order_id, order, token=token, tag=tag, position=position)
    if order is None:
        return None
    return Found(result="miss", version=order.version, body=order.body)


def last_known(order_id: UUID, *, serves: Callable[[Copy], bool]) -> Copy | None:
    """While PostgreSQL is away: the copy, whatever was written since it was made.

    serves: whether that copy is good enough for who asks.
    """
    if not _is_on():
        return None
    try:
        copy = copies.last_known(order_id)
        if copy is None or not serves(copy):
            return None
        copies.count_stale()
    except redis_client.Away:
        return None
    return copy


def _look(order_id: UUID, *, tag: str, at_least: int, token: str) -> Look:
    if not _is_on():
        return Look(result="read")
    ends, pause = time.monotonic() + LONGEST_WAIT_S, FIRST_PAUSE_S
    while True:
        is_last = time.monotonic() >= ends
        try:
            look = copies.look(
                order_id, tag=tag, at_least=at_least, token=token, is_last=is_last
            )
        except redis_client.Away:
            return Look(result="read")
        if look.result != "wait":
            return look
        time.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE_S)


def _fill(
    order_id: UUID, order: Rendered | None, *, token: str, tag: str, position: int
) -> None:
    try:
        if order is None:
            copies.give_up(order_id, token=token)
        else:
            copies.fill(order_id, order, token=token, tag=tag, position=position)
    except redis_client.Away:
        pass  # the lease ends by itself


def _is_on() -> bool:
    return settings.CQRS.query_side.caching.enabled
