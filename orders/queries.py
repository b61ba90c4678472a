"""Reads orders from the read tables. Beside the admin nobody else reads them."""

from typing import Any
from uuid import UUID

import msgspec
from django.db.models import QuerySet

from orders import models
from orders.domain import document, money
from orders.domain.order import Order
from orders.order_cache import rendered
from orders.order_cache.rendered import Rendered

# What a list shows of an order; `folded` stays with the projection.
LISTED = [
    "order_id",
    "external_reference",
    "version",
    "customer_id",
    "currency",
    "country",
    "status",
    "payment_status",
    "fulfillment_status",
    "total",
    "captured",
    "refunded",
    "line_count",
    "units",
    "placed_at",
    "updated_at",
]


def summaries() -> QuerySet[models.OrderSummary]:
    """All orders, as lists show them, to be filtered and paged."""
    return models.OrderSummary.objects.only(*LISTED)


def listed(row: models.OrderSummary) -> dict[str, Any]:
    """An order as lists show it: JSON-ready."""
    return {
        "order_id": str(row.order_id),
        "external_reference": row.external_reference,
        "version": row.version,
        "customer_id": row.customer_id,
        "currency": row.currency,
        "country": row.country,
        "status": row.status,
        "payment_status": row.payment_status,
        "fulfillment_status": row.fulfillment_status,
        "total": money.to_text(row.total),
        "captured": money.to_text(row.captured),
        "refunded": money.to_text(row.refunded),
        "line_count": row.line_count,
        "units": row.units,
        "placed_at": document.time_text(row.placed_at),
        "updated_at": document.time_text(row.updated_at),
    }


def find_order(order_id: UUID) -> Rendered | None:
    """The whole order as the read table has it; None if it has none."""
    found = rendered.find([order_id])
    return found[0] if found else None


def whole(order_id: UUID) -> Order | None:
    """As `find_order`, for pages of our own: as the domain has it."""
    found = models.OrderDetail.objects.filter(pk=order_id).values_list("order")
    row = found.first()
    return msgspec.convert(row[0], Order) if row else None
