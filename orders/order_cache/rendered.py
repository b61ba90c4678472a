"""Orders of the read table as the API answers them: the bytes of their JSON."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

import msgspec

from api.renderers import JSONRenderer
from orders import models
from orders.domain import document
from orders.domain.order import Order


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    order_id: UUID
    version: int
    body: bytes


def find(order_ids: Iterable[UUID]) -> list[Rendered]:
    """Those that the read table has."""
    found = models.OrderDetail.objects.filter(pk__in=list(order_ids))
    rows = found.values_list("order_id", "version", "order")
    return [_rendered(*row) for row in rows]


def _rendered(order_id: UUID, version: int, stored: object) -> Rendered:
    order = document.render(msgspec.convert(stored, Order), order_id=str(order_id))
    body = JSONRenderer().render(order)
    return Rendered(order_id=order_id, version=version, body=body)
