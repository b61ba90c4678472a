"""The first orders of a list, where the planner alone may read far too many.

It takes what is asked for to stand anywhere in an ordering, and walks along that until
it has a page. The orders of one product were all at the other end: it passed 160,000.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connections, transaction
from django.db.models import QuerySet

from orders.models import OrderSummary
from projections import reading

AXES = ("status", "payment_status", "fulfillment_status")
# Orders of a product that are sorted: 10,000 take some 25 ms. Of one with more, a walk
# comes by enough of them sooner or later; only the statement time-out bounds it.
FEW = 10_000

HOW_MANY = """
SELECT count(*)
FROM (
    SELECT FROM orders_order_summary WHERE skus @> ARRAY[%s]::text[] LIMIT %s
) few
"""
# Leaves the index of what is asked for, which has no order of its own.
NO_WALK = "SET LOCAL enable_indexscan = off; SET LOCAL enable_seqscan = off"


def first(
    orders: QuerySet[OrderSummary], /, *, asked: Mapping[str, Any], limit: int
) -> list[OrderSummary]:
    """The first of the ordered orders, which pass the filters already.

    asked: the filters' values by name.
    """
    for axis in AXES:
        if len(values := asked[axis]) > 1:
            return _of_each(orders, axis, values, limit)
    if asked["sku"]:
        return _of_product(orders, asked["sku"], limit)
    return list(orders[:limit])


def _of_each(
    orders: QuerySet[OrderSummary], axis: str, values: Sequence[str], limit: int
) -> list[OrderSummary]:
    """No index has the orders of several values in one order; it has those of each."""
    each = [orders.filter(**{axis: value})[:limit] for value in values]
    together = each[0].union(*each[1:], all=True)
    return list(together.order_by(*orders.query.order_by)[:limit])


def _of_product(
    orders: QuerySet[OrderSummary], sku: str, limit: int
) -> list[OrderSummary]:
    using = reading.alias()
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(HOW_MANY, [sku, FEW + 1])
        if cursor.fetchone()[0] <= FEW:
            cursor.execute(NO_WALK)
        return list(orders[:limit])
