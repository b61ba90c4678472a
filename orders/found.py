"""Orders that a search finds, in an order that some index gives.

How many orders have a word, PostgreSQL cannot tell well enough: one join of both tables
took 1.4 s for a tracking number, among 200,000 orders, since it looked through all of
them from the newest on. So it is told what to do, and each statement is short.
"""

from collections.abc import Iterator
from uuid import UUID

from django.db import connections, transaction
from django.db.models import QuerySet

from orders.models import OrderSummary
from orders.searching import Condition
from projections import reading

# Orders that are looked at first: a word that one order in 20 has fills a page so.
FIRST_LOOK = 1_000
# And from there on.
NEXT_LOOK = 10_000
# What more orders than so many have is found by looking at one after the other.
SELECTIVE = 2_000

AMONG = """
SELECT order_id
FROM orders_order_search
WHERE order_id = ANY(%(ids)s) AND {}
"""
BY_INDEX = """
SELECT order_id
FROM orders_order_search
WHERE {}
LIMIT %(limit)s
"""
# It would read the table where it expects to come by enough rows soon.
ONLY_BY_INDEX = "SET LOCAL enable_seqscan = off"


def first(
    orders: QuerySet[OrderSummary], /, *, condition: Condition, limit: int
) -> list[OrderSummary]:
    """The first of the ordered and filtered orders that meet the condition."""
    looks = _looks(orders)
    found: list[UUID] = []
    if not condition.is_selective:
        looked_at = next(looks)
        found = _among(looked_at, condition)
        if len(found) >= limit or len(looked_at) < FIRST_LOOK:
            return _rows(orders, found[:limit])
    every = _by_index(condition)
    if len(every) <= SELECTIVE:
        return list(orders.filter(pk__in=every)[:limit])
    for looked_at in looks:
        found += _among(looked_at, condition)
        if len(found) >= limit:
            break
    return _rows(orders, found[:limit])


def _looks(orders: QuerySet[OrderSummary]) -> Iterator[list[UUID]]:
    """The ids of the orders, some at a time; at the end fewer, perhaps none."""
    ids = orders.values_list("pk", flat=True)
    start, size = 0, FIRST_LOOK
    while True:
        looked_at = list(ids[start : start + size])
        yield looked_at
        if len(looked_at) < size:
            return
        start, size = start + size, NEXT_LOOK


def _among(ids: list[UUID], condition: Condition) -> list[UUID]:
    """Those that meet the condition, in the order given."""
    with connections[reading.alias()].cursor() as cursor:
        cursor.execute(
            AMONG.format(condition.sql), {**condition.parameters, "ids": ids}
        )
        met = {id for (id,) in cursor.fetchall()}
    return [id for id in ids if id in met]


def _by_index(condition: Condition) -> list[UUID]:
    """All that meet the condition, or so many that they are more than SELECTIVE."""
    using = reading.alias()
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        cursor.execute(ONLY_BY_INDEX)
        cursor.execute(
            BY_INDEX.format(condition.sql),
            {**condition.parameters, "limit": SELECTIVE + 1},
        )
        return [id for (id,) in cursor.fetchall()]


def _rows(orders: QuerySet[OrderSummary], ids: list[UUID]) -> list[OrderSummary]:
    return list(orders.filter(pk__in=ids)) if ids else []
