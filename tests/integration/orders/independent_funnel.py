"""How far orders got, from the log's raw JSON: none of our code folds or judges here.

Each state is looked for in every beginning of an order's history, counted anew each
time, where the projection goes on from what it kept.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import pairwise
from statistics import median

import psycopg

EVENTS = """
SELECT stream, type, occurred_at, data::text
FROM eventstore_event
WHERE stream LIKE 'order-%'
ORDER BY stream, version
"""
ROWS = """
SELECT order_id::text, placed_at, confirmed_at, paid_at, shipped_at, delivered_at,
       completed_at, cancelled_at, returned_at
FROM orders_order_milestones
"""
STATES = (
    "placed",
    "confirmed",
    "paid",
    "shipped",
    "delivered",
    "completed",
    "cancelled",
    "returned",
)

Event = tuple[str, datetime, dict]
History = list[Event]


def lines(history: History) -> list[tuple[int, Decimal]]:
    """(units, unit price) of the lines as they stand."""
    found: dict[int, list] = {}
    for type, _, data in history:
        if type == "OrderPlaced":
            for line in data["lines"]:
                found[line["line_id"]] = [line["quantity"], line["unit_price"]]
        elif type == "LineAdded":
            found[data["line_id"]] = [data["quantity"], data["unit_price"]]
        elif type == "LineQuantityChanged":
            found[data["line_id"]][0] = data["quantity"]
        elif type == "LineRemoved":
            found.pop(data["line_id"])
        elif type == "LinesCancelled":
            for each in data["lines"]:
                found[each["line_id"]][0] -= each["quantity"]
    return [(units, Decimal(price)) for units, price in found.values()]


def is_paid(history: History) -> bool:
    captured = [Decimal(data["amount"]) for data in _of(history, "PaymentCaptured")]
    return sum(captured) >= sum(units * price for units, price in lines(history))


def is_shipped(history: History) -> bool:
    return _all(history, [_units(data) for data in _of(history, "ShipmentSent")])


def is_delivered(history: History) -> bool:
    arrived = {data["shipment_id"] for data in _of(history, "ShipmentDelivered")}
    sent = _of(history, "ShipmentSent")
    return _all(history, [_units(d) for d in sent if d["shipment_id"] in arrived])


def is_returned(history: History) -> bool:
    return _all(history, [_units(data) for data in _of(history, "LinesReturned")])


def happened(type: str) -> Callable[[History], bool]:
    return lambda history: bool(_of(history, type))


JUDGED = {
    "placed": happened("OrderPlaced"),
    "confirmed": happened("OrderConfirmed"),
    "paid": is_paid,
    "shipped": is_shipped,
    "delivered": is_delivered,
    "completed": happened("OrderCompleted"),
    "cancelled": happened("OrderCancelled"),
    "returned": is_returned,
}


def expected(session: psycopg.Connection) -> dict[str, dict[str, datetime | None]]:
    """Order -> state -> when it was in it first."""
    histories: dict[str, History] = defaultdict(list)
    for stream, type, at, text in session.execute(EVENTS):
        histories[stream].append((type, at, json.loads(text)))
    return {
        stream.removeprefix("order-"): {
            state: next(
                (
                    history[end - 1][1]
                    for end in range(1, len(history) + 1)
                    if is_in(history[:end])
                ),
                None,
            )
            for state, is_in in JUDGED.items()
        }
        for stream, history in histories.items()
    }


def actual(session: psycopg.Connection) -> dict[str, dict[str, datetime | None]]:
    return {
        order: dict(zip(STATES, times, strict=True))
        for order, *times in session.execute(ROWS)
    }


def funnel(session: psycopg.Connection, first: date, last: date) -> dict:
    """What the API has to answer for these days."""
    reached = [
        states
        for states in expected(session).values()
        if first <= states["placed"].astimezone(UTC).date() <= last
    ]
    steps = pairwise(STATES[:5])
    return {
        "reached": {
            state: sum(states[state] is not None for states in reached)
            for state in STATES
        },
        "median_seconds": {
            f"{before}_to_{after}": _median(
                (states[after] - states[before]).total_seconds()
                for states in reached
                if states[before] and states[after]
            )
            for before, after in steps
        },
    }


def _median(seconds: Iterator[float]) -> float | None:
    found = list(seconds)
    return median(found) if found else None


def _of(history: History, wanted: str) -> list[dict]:
    return [data for type, _, data in history if type == wanted]


def _units(data: dict) -> int:
    return sum(each["quantity"] for each in data["lines"])


def _all(history: History, units: list[int]) -> bool:
    ordered = sum(units for units, _ in lines(history))
    return bool(units) and sum(units) >= ordered
