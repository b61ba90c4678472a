"""200,000 orders of a year, written straight into the read tables: for plans and times.

Skewed as those of a shop are: a few products, customers and countries have most orders;
what is open is recent; one currency has greater amounts; products come and go. Each
filter has a value that most orders pass, and one that very few do.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connections, transaction

COUNT = 200_000
USING = "read"
BEGINS = "2025-01-01T00:00:00Z"
ENDS = "2025-12-31T23:59:59Z"
# A filter -> values, the most frequent one first and the rarest one last. A list: the
# filter is given several times.
FILTERS: dict[str, Sequence[str | list[str]]] = {
    "status": ("completed", "pending", "expired", ["pending", "expired"]),
    "payment_status": ("paid", "unpaid", "partially_paid", ["unpaid", "paid"]),
    "fulfillment_status": (
        "delivered",
        "unfulfilled",
        "partially_returned",
        ["unfulfilled", "partially_returned"],
    ),
    "customer_id": ("anonymous", "customer-30", "customer-rare"),
    "sku": ("SKU-1", "SKU-NEW", "SKU-70", "SKU-RARE"),
    "country": ("GB", "JP", "IS"),
    "currency": ("EUR", "JPY", "CHF"),
    "external_reference": ("REF-100000",),
    "placed_after": (BEGINS, "2025-07-01T00:00:00Z", "2025-12-31T12:00:00Z"),
    "placed_before": (ENDS, "2025-07-01T00:00:00Z", "2025-01-01T06:00:00Z"),
    "min_total": ("20.00", "90.00", "60000.00"),
    "max_total": ("60000.00", "90.00", "10.05"),
    "q": ("tea", "anonymous", "customer-30", "lantern", "REF-100000", "lanterm"),
}
TABLES = (
    "orders_order_summary",
    "orders_order_detail",
    "orders_order_search",
    "orders_search_word",
    "orders_customer_order",
    "orders_customer_sums",
    "orders_product_sales",
    "orders_product_revenue",
    "orders_product_name",
    "orders_product_customer",
    "orders_bought_order",
    "orders_bought_pair",
    "orders_bought_name",
    "orders_sales_daily",
    "orders_order_milestones",
)
# One row an order, once for all tables. Every 5th order of the newest fifth has a
# product that was not sold before; the newest 4,000 orders are open.
MANY = f"""
CREATE TEMPORARY TABLE many ON COMMIT DROP AS
SELECT
    n,
    md5('order ' || n)::uuid AS order_id,
    '{BEGINS}'::timestamptz + n * interval '1 year' / {COUNT + 1} AS placed_at,
    CASE
        WHEN n IN (7, 70007, 170007) THEN 'customer-rare'
        WHEN r.customer < 0.1 THEN 'anonymous'
        ELSE 'customer-' || (1 + floor(20000 * r.customer ^ 3))::int
    END AS customer_id,
    c.currency,
    CASE
        WHEN n IN (5, 50005, 150005) THEN 'IS'
        WHEN c.currency = 'JPY' THEN 'JP'
        WHEN r.country < 0.8 THEN 'GB'
        ELSE (ARRAY['DE', 'FR', 'IE', 'NL', 'US', 'NO'])[1 + floor(6 * r.place)]
    END AS country,
    CASE
        WHEN n > {COUNT} - 4000 AND r.state < 0.5 THEN 'pending'
        WHEN n > {COUNT} - 4000 THEN 'confirmed'
        WHEN n IN (9, 90009, 190009) THEN 'expired'
        WHEN r.state < 0.05 THEN 'cancelled'
        ELSE 'completed'
    END AS status,
    round((10 + 90 * r.amount ^ 2 / (1.001 - r.amount))::numeric
        * CASE c.currency WHEN 'JPY' THEN 150 ELSE 1 END, 2) AS total,
    CASE WHEN n % 2 = 0 THEN 'REF-' || n END AS external_reference,
    ARRAY(
        SELECT DISTINCT 'SKU-' || (1 + floor(4000 * s.share ^ 4))::int
        FROM unnest(ARRAY[r.one, r.two, r.three]) AS s (share)
    ) || CASE WHEN n > 0.8 * {COUNT} AND n % 5 = 0 THEN ARRAY['SKU-NEW'] ELSE '{{}}' END
      || CASE WHEN n IN (11, 110011) THEN ARRAY['SKU-RARE'] ELSE '{{}}' END AS skus,
    r.pause * interval '20 days' AS pause
FROM (
    SELECT
        n,
        random() AS customer, random() AS money, random() AS country,
        random() AS place, random() AS state, random() AS amount,
        random() AS one, random() AS two, random() AS three, random() AS pause
    FROM generate_series(1, {COUNT}) AS n
) r
CROSS JOIN LATERAL (
    SELECT CASE
        WHEN n IN (3, 30003, 130003) THEN 'CHF'
        WHEN r.money < 0.05 THEN 'JPY'
        WHEN r.money < 0.15 THEN 'USD'
        ELSE 'EUR'
    END AS currency
) c
"""
ROWS = """
INSERT INTO orders_order_summary
SELECT
    order_id, 3, external_reference, customer_id, currency, country, status,
    CASE
        WHEN n IN (13, 130013) THEN 'partially_paid'
        WHEN status IN ('completed', 'confirmed') THEN 'paid'
        ELSE 'unpaid'
    END,
    CASE
        WHEN n IN (17, 170017) THEN 'partially_returned'
        WHEN status = 'completed' THEN 'delivered'
        ELSE 'unfulfilled'
    END,
    total, 0, 0, cardinality(skus), 2 * cardinality(skus), 0, skus,
    placed_at, placed_at + pause, '{}'
FROM many;

INSERT INTO orders_order_detail
SELECT order_id, 3, jsonb_build_object(
    'version', 3, 'customer_id', customer_id, 'currency', currency,
    'total', total::text,
    'lines', jsonb_build_array(jsonb_build_object(
        'line_id', 1, 'sku', skus[1], 'name', 'Tea', 'quantity', 2, 'unit_price', '9.5'
    )),
    'last_line_id', 1, 'units_ordered', 2,
    'placed_at', placed_at, 'updated_at', placed_at,
    'shipping_address', jsonb_build_object(
        'name', 'Ada', 'line1', '1', 'city', 'Bath', 'country', 'GB'
    )
)
FROM many;

INSERT INTO orders_order_search
SELECT
    order_id, 3,
    array_to_tsvector(array_remove(
        skus || lower(customer_id) || lower(external_reference), NULL
    )),
    array_to_tsvector(ARRAY[
        'ada', 'bath', customer_id,
        CASE WHEN n % 3 > 0 THEN 'tea' ELSE 'cup' END,
        CASE WHEN n % 50 = 0 THEN 'lantern' ELSE 'plain' END
    ]),
    array_to_tsvector(ARRAY[CASE WHEN n % 20 = 0 THEN 'gift' ELSE 'usual' END]),
    '{}'
FROM many;

INSERT INTO orders_search_word
SELECT word, 5000
FROM unnest(
    ARRAY['ada', 'bath', 'tea', 'cup', 'lantern', 'plain', 'gift', 'usual']
) AS word
UNION ALL
SELECT 'word' || md5(n::text), 1
FROM generate_series(1, 20000) AS n;

INSERT INTO orders_customer_order
SELECT order_id, 3, customer_id, placed_at, '{}'
FROM many;

INSERT INTO orders_customer_sums
SELECT customer_id, currency, count(*), 0, count(*), 0, 0, sum(total), 0, sum(total), 0
FROM many
GROUP BY customer_id, currency;

CREATE TEMPORARY TABLE many_lines ON COMMIT DROP AS
SELECT order_id, customer_id, currency, sku, total
FROM many
CROSS JOIN unnest(skus) AS sku;

INSERT INTO orders_product_sales
SELECT sku, count(*), 2 * count(*), 0, sum(total)
FROM many_lines
GROUP BY sku;

INSERT INTO orders_product_revenue
SELECT sku, currency, count(*), 2 * count(*), sum(total), 0
FROM many_lines
GROUP BY sku, currency;

INSERT INTO orders_product_name
SELECT sku, 'Product ' || sku, orders
FROM orders_product_sales;

INSERT INTO orders_bought_name
SELECT sku, 'Product ' || sku, orders
FROM orders_product_sales;

INSERT INTO orders_product_customer
SELECT sku, customer_id, count(*)
FROM many_lines
GROUP BY sku, customer_id;

INSERT INTO orders_bought_order
SELECT order_id, 3, CASE WHEN n % 10 = 0 THEN skus END, '{}'
FROM many;

INSERT INTO orders_bought_pair
SELECT one.sku, other.sku, count(*)
FROM many_lines one
JOIN many_lines other USING (order_id)
WHERE one.sku < other.sku
GROUP BY one.sku, other.sku;

INSERT INTO orders_sales_daily
SELECT
    (placed_at AT TIME ZONE 'UTC')::date, currency, country, count(*), 3 * count(*),
    6 * count(*), sum(total), 0, 0, 0
FROM many
GROUP BY 1, 2, 3;

INSERT INTO orders_order_milestones
SELECT
    order_id, placed_at, placed_at + pause / 20, placed_at + pause / 10,
    placed_at + pause / 2, placed_at + pause, placed_at + pause, NULL, NULL
FROM many
"""
INDEXES = """
SELECT quote_ident(c.relname), pg_get_indexdef(i.indexrelid)
FROM pg_index i
JOIN pg_class c ON c.oid = i.indexrelid
WHERE i.indrelid::regclass::text = ANY(%s)
  AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid)
"""


def fill() -> None:
    """Puts the rows into the read tables, which are to be empty."""
    with without_indexes(TABLES), transaction.atomic(using=USING), _cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '256MB'")
        cursor.execute("SET LOCAL synchronous_commit = off")
        # The same orders each time.
        cursor.execute("SELECT setseed(0.5)")
        cursor.execute(MANY)
        cursor.execute(ROWS)
    with _cursor() as cursor:
        # Visible to all, as after autovacuum: counts then read an index alone.
        cursor.execute(f"VACUUM (ANALYZE) {', '.join(TABLES)}")


@contextmanager
def without_indexes(
    tables: Sequence[str], *, names: Sequence[str] | None = None
) -> Iterator[None]:
    """Drops indexes of the tables, all or those named; at the end they come back."""
    with _cursor() as cursor:
        cursor.execute(INDEXES, [list(tables)])
        found = [
            each for each in cursor.fetchall() if names is None or each[0] in names
        ]
        for name, _ in found:
            cursor.execute(f"DROP INDEX {name}")
    try:
        yield
    finally:
        with transaction.atomic(using=USING), _cursor() as cursor:
            cursor.execute("SET LOCAL maintenance_work_mem = '256MB'")
            for _, definition in found:
                cursor.execute(definition)


def order_id(number: int) -> str:
    """The id of the order that is the so-manieth by time, from 1 on."""
    with _cursor() as cursor:
        cursor.execute("SELECT md5('order ' || %s)::uuid::text", [number])
        found: str = cursor.fetchone()[0]
        return found


def _cursor() -> Any:
    return connections[USING].cursor()
