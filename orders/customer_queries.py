"""Reads customers from the read tables."""

from collections.abc import Sequence
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from django.db.models import Subquery

from orders import models
from orders.domain import document, money

_SMALLEST = Decimal(1).scaleb(-money.FRACTION_DIGITS)


def find_customer(customer_id: str, *, now: datetime) -> dict[str, Any] | None:
    """A customer, JSON-ready; None if no order is of that one.

    The features, for models and marketing; amounts are per currency:
    recency_days: whole days from the last order to `now`, 0 at least.
    frequency: orders that were neither cancelled nor expired.
    monetary: the lifetime value, which is captured less refunded.
    return_rate: units that came back of the units of those orders, 0 to 1; 0 for none.
    average_order: what those orders placed, by order; rounded to 4 digits.
    """
    sums = _sums(customer_id)
    if not sums:
        return None
    first, last = sums[0].first_placed_at, sums[0].last_placed_at
    lifetime = {each.currency: each.captured - each.refunded for each in sums}
    return {
        "customer_id": customer_id,
        "orders": sum(each.orders for each in sums),
        "units": sum(each.units for each in sums),
        "placed": _texts({each.currency: each.placed for each in sums}),
        "captured": _texts({each.currency: each.captured for each in sums}),
        "refunded": _texts({each.currency: each.refunded for each in sums}),
        "lifetime_value": _texts(lifetime),
        "returned_units": sum(each.returned_units for each in sums),
        "cancelled_orders": sum(each.cancelled_orders for each in sums),
        "first_order_at": document.time_text(first),
        "last_order_at": document.time_text(last),
        "features": {
            "recency_days": max(0, (now - last).days),
            "frequency": sum(each.orders - each.cancelled_orders for each in sums),
            "monetary": _texts(lifetime),
            "return_rate": _return_rate(sums),
            "average_order": _texts(_averages(sums)),
        },
    }


def _sums(customer_id: str) -> list[Any]:
    """By currency, each with the first and the last time; all of one moment."""
    placed = (
        models.CustomerOrder.objects.filter(customer_id=customer_id)
        .order_by("placed_at")
        .values("placed_at")
    )
    return list(
        models.CustomerSums.objects.filter(customer_id=customer_id, orders__gt=0)
        .order_by("currency")
        .annotate(
            first_placed_at=Subquery(placed[:1]),
            last_placed_at=Subquery(placed.reverse()[:1]),
        )
    )


def _return_rate(sums: Sequence[models.CustomerSums]) -> float:
    units = sum(each.units - each.cancelled_units for each in sums)
    returned = sum(each.returned_units for each in sums)
    return round(returned / units, 4) if units else 0.0


def _averages(sums: Sequence[models.CustomerSums]) -> dict[str, Decimal]:
    """Of the currencies in which an order stands."""
    averages = {}
    for each in sums:
        if standing := each.orders - each.cancelled_orders:
            average = (each.placed - each.cancelled) / standing
            averages[each.currency] = average.quantize(_SMALLEST, ROUND_HALF_EVEN)
    return averages


def _texts(amounts: dict[str, Decimal]) -> dict[str, str]:
    return {currency: money.to_text(each) for currency, each in amounts.items()}
