"""One order as it is now: from the cache or its row, or as last known."""

import logging
from uuid import UUID

from django.http import HttpResponse
from rest_framework.request import Request

from api import problems
from api.renderers import JSONRenderer
from eventstore import tokens
from orders import queries, streams
from orders.order_cache import serving
from orders.order_cache.copies import Copy
from orders.web import found_order
from projections import copies, freshness

logger = logging.getLogger(__name__)

NAME = "order_detail"
X_CACHE = "X-Cache"
WARNING = "Warning"
STALE = '110 - "Response is Stale"'


def answer(request: Request, order_id: UUID) -> HttpResponse:
    """Raises Problem 404 `unknown-order`, and what freshness.demand raises.

    While PostgreSQL is away: the last known copy, or the fault it was met with.
    """
    try:
        return _current(request, order_id)
    except problems.DATABASE_AWAY as error:
        if stale := _last_known(request, order_id):
            logger.warning("order %s is served as last known: %s", order_id, error)
            return stale
        raise


def _current(request: Request, order_id: UUID) -> HttpResponse:
    stream = streams.ORDER.stream(order_id)
    partition = freshness.demand_partition(request, NAME, stream=stream)
    token = freshness.demanded(request)
    if partition is None:
        raise _missing(stream)
    found = serving.find(
        order_id,
        tag=copies.tag(partition),
        position=partition.position,
        at_least=token.version if token and token.stream == stream else 0,
        read=queries.find_order,
    )
    if found is None:
        raise _missing(stream)
    freshness.refuse_held_by_now(request, NAME, stream)
    headers = {
        X_CACHE: found.result,
        freshness.READ_POSITION: str(partition.position),
    }
    return _respond(request, found.version, found.body, headers)


def _last_known(request: Request, order_id: UUID) -> HttpResponse | None:
    token = freshness.demanded(request)
    stream = streams.ORDER.stream(order_id)
    copy = serving.last_known(
        order_id, serves=lambda copy: token is None or _has(copy, token, stream)
    )
    if copy is None:
        return None
    headers = {
        X_CACHE: "stale",
        WARNING: STALE,
        freshness.READ_POSITION: str(copy.position),
    }
    return _respond(request, copy.version, copy.body, headers)


def _has(copy: Copy, token: tokens.Token, stream: str) -> bool:
    """Whether the copy was made when its read model had the token's write."""
    if copies.epoch_of(copy.tag) != token.epoch:
        return False
    if token.stream == stream:
        return copy.version >= token.version
    return copy.position >= token.position


def _respond(
    request: Request, version: int, body: bytes, headers: dict[str, str]
) -> HttpResponse:
    headers["ETag"] = found_order.etag(version)
    if found_order.is_known(request, version):
        return HttpResponse(status=304, headers=headers)
    return HttpResponse(body, content_type=JSONRenderer.media_type, headers=headers)


def _missing(stream: str) -> problems.Problem:
    return freshness.missing(NAME, stream=stream) or found_order.unknown(
        stream.removeprefix("order-")
    )
