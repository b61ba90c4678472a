"""Reads products, and what is bought with them, from the read tables."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec
from django.db import connections
from django.db.models import QuerySet

from orders import models
from orders.domain import money
from projections import reading

# Currency -> revenue and what was refunded of it.
_AMOUNTS = msgspec.json.Decoder(dict[str, tuple[Decimal, Decimal]])

# One statement, so that all figures of a product are of one moment. Customers are
# counted in an index that has those alone who bought it.
PRODUCTS = """
SELECT
    p.sku,
    (
        SELECT n.name
        FROM orders_product_name n
        WHERE n.sku = p.sku AND n.lines > 0
        ORDER BY n.lines DESC, n.name
        LIMIT 1
    ),
    coalesce(s.orders, 0),
    coalesce(s.units, 0),
    coalesce(s.returned_units, 0),
    (
        SELECT json_object_agg(
            r.currency, json_build_array(r.revenue::text, r.refunded::text)
            ORDER BY r.currency
        )::text
        FROM orders_product_revenue r
        WHERE r.sku = p.sku AND r.orders > 0
    ),
    (
        SELECT count(*)
        FROM orders_product_customer c
        WHERE c.sku = p.sku AND c.orders > 0
    )
FROM unnest(%s::text[]) WITH ORDINALITY AS p (sku, place)
LEFT JOIN orders_product_sales s ON s.sku = p.sku
ORDER BY p.place
"""
# Pairs of orders with few products are summed up; the others are counted here.
BOUGHT_WITH = """
WITH together AS (
    SELECT second AS sku, orders
    FROM orders_bought_pair
    WHERE first = %(sku)s
    UNION ALL
    SELECT first, orders
    FROM orders_bought_pair
    WHERE second = %(sku)s
    UNION ALL
    SELECT other, count(*)
    FROM orders_bought_order
    CROSS JOIN unnest(skus) AS other
    WHERE skus @> ARRAY[%(sku)s]::text[] AND other <> %(sku)s
    GROUP BY other
), most AS (
    SELECT sku, sum(orders)::bigint AS orders
    FROM together
    GROUP BY sku
    HAVING sum(orders) > 0
    ORDER BY orders DESC, sku
    LIMIT %(limit)s
)
SELECT
    sku,
    (
        SELECT n.name
        FROM orders_bought_name n
        WHERE n.sku = most.sku AND n.lines > 0
        ORDER BY n.lines DESC, n.name
        LIMIT 1
    ),
    orders
FROM most
ORDER BY orders DESC, sku
"""


def sold(*, currency: str | None = None) -> QuerySet[Any]:
    """Products of which something is sold, by `sku`, to be ordered by `revenue` or
    `units`: in a currency, or in all of them, where amounts count as if of one.
    """
    if currency is None:
        return models.ProductSales.objects.filter(orders__gt=0)
    return models.ProductRevenue.objects.filter(currency=currency, orders__gt=0)


def find_product(sku: str) -> dict[str, Any] | None:
    """A product, JSON-ready; None if no line of any order is of it."""
    (found,) = products([sku])
    return found if found["name"] is not None else None


def products(skus: Sequence[str]) -> list[dict[str, Any]]:
    """These products, in this order, JSON-ready; one that is unknown has no name."""
    with connections[reading.alias()].cursor() as cursor:
        cursor.execute(PRODUCTS, [list(skus)])
        return [_product(*row) for row in cursor.fetchall()]


def is_in_an_order(sku: str) -> bool:
    """Whether `bought_with` knows the product: a line of some order is of it."""
    return models.BoughtName.objects.filter(sku=sku, lines__gt=0).exists()


def bought_with(sku: str, *, limit: int) -> list[dict[str, Any]]:
    """Other products by the number of orders with both, most first, then by SKU."""
    with connections[reading.alias()].cursor() as cursor:
        cursor.execute(BOUGHT_WITH, {"sku": sku, "limit": limit})
        return [
            {"sku": other, "name": name, "orders": orders}
            for other, name, orders in cursor.fetchall()
        ]


def _product(
    sku: str,
    name: str | None,
    orders: int,
    units: int,
    returned: int,
    amounts: str | None,
    customers: int,
) -> dict[str, Any]:
    by_currency = msgspec.json.decode(
        amounts or "{}", type=dict[str, tuple[Decimal, Decimal]]
    )
    return {
        "sku": sku,
        "name": name,
        "orders": orders,
        "units": units,
        "revenue": {
            currency: money.to_text(revenue)
            for currency, (revenue, _) in by_currency.items()
        },
        "returned_units": returned,
        "refunded": {
            currency: money.to_text(refunded)
            for currency, (_, refunded) in by_currency.items()
        },
        "customers": customers,
    }
