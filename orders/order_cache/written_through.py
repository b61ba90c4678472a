"""Keeps copies level with the live rows of `order_detail`, batch by batch."""

import logging
from collections.abc import Sequence
from uuid import UUID

from django.conf import settings

from eventstore import redis_client
from orders import streams
from orders.order_cache import copies, rendered

logger = logging.getLogger(__name__)

# A batch of more orders is catching up: to render what nobody may ask for would make it
# slower, and readers fill.
RENDERED_AT_MOST = 200


class OrderCopies:
    """What projections.projection.Copies asks for."""

    def withdraw(self, names: Sequence[str]) -> str | None:
        # While caching is off nobody marks: what is left of before must not match
        # when it is on again.
        if not settings.CQRS.query_side.caching.enabled:
            return None
        try:
            return copies.mark(_order_ids(names))
        except redis_client.Away:
            return None

    def renew(
        self, names: Sequence[str], mark: str, *, tag: str, position: int
    ) -> None:
        order_ids = _order_ids(names)
        try:
            if len(order_ids) > RENDERED_AT_MOST:
                copies.unmark(order_ids, token=mark)
            else:
                found = rendered.find(order_ids)
                copies.put(found, token=mark, tag=tag, position=position)
        except redis_client.Away as error:
            # The marks stay until they expire: readers read the rows meanwhile.
            logger.info("%s orders are not in the cache: %s", len(order_ids), error)


def _order_ids(names: Sequence[str]) -> list[UUID]:
    """Those of streams that are named as an order's; others have no row to copy."""
    found = []
    for each in names:
        try:
            found.append(streams.order_id_of(each))
        except ValueError:
            continue
    return found
