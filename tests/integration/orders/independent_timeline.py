"""What happened to a customer's orders, from the log's rows: none of our code folds
here.
"""

import psycopg

from projections.in_redis import latest

NAME = "customer_timeline"
LONGEST = 100
EVENTS = """
SELECT coalesce(data ->> 'customer_id', metadata ->> 'customer_id'), stream, type
FROM eventstore_event
WHERE stream LIKE 'order-%'
ORDER BY occurred_at DESC, position DESC
"""
# Customer -> (stream, type), the newest first.
Timelines = dict[str, list[tuple[str, str]]]


def expected(session: psycopg.Connection) -> Timelines:
    found: Timelines = {}
    for customer_id, *happened in session.execute(EVENTS):
        found.setdefault(customer_id, []).append(tuple(happened))
    return {key: happened[:LONGEST] for key, happened in found.items()}


def actual(customers: Timelines) -> Timelines:
    """Of the same customers."""
    return {
        key: [
            (f"order-{each['order_id']}", each["type"]) for each in latest.of(NAME, key)
        ]
        for key in customers
    }
