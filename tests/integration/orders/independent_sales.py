"""What the days' sales must say, from the log's raw JSON: none of our code folds here.

Written as a list of facts, each added once, where the projection takes out an order as
it was and puts it in as it is.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import psycopg

EVENTS = """
SELECT stream, type, occurred_at, data::text
FROM eventstore_event
WHERE stream LIKE 'order-%'
ORDER BY stream, version
"""
ROWS = """
SELECT date, currency, country, orders, lines, units, placed, cancelled,
       returned_units, refunded
FROM orders_sales_daily
"""
COLUMNS = (
    "orders",
    "lines",
    "units",
    "placed",
    "cancelled",
    "returned_units",
    "refunded",
)

Key = tuple
Fact = tuple[str, Decimal | int]


class Order:
    def __init__(self, placed: dict) -> None:
        self.currency = placed["currency"]
        self.country = placed["shipping_address"]["country"]
        self.lines: dict[int, dict] = {}
        self.standing: Counter[int] = Counter()  # units by line
        self.so_far: Counter[str] = Counter()

    def facts(self, type: str, data: dict) -> Iterator[Fact]:
        if type == "OrderPlaced":
            yield "orders", 1
            for line in data["lines"]:
                yield from self._more(line)
        elif type == "LineAdded":
            yield from self._more(data)
        elif type == "LineQuantityChanged":
            line = self.lines[data["line_id"]]
            change = data["quantity"] - line["quantity"]
            line["quantity"] = data["quantity"]
            self.standing[data["line_id"]] += change
            yield "units", change
            yield "placed", change * Decimal(line["unit_price"])
        elif type == "LineRemoved":
            gone = self.lines.pop(data["line_id"])
            del self.standing[data["line_id"]]
            yield "lines", -1
            yield "units", -gone["quantity"]
            yield "placed", -gone["quantity"] * Decimal(gone["unit_price"])
        elif type == "LinesCancelled":
            for each in data["lines"]:
                yield self._less(each["line_id"], each["quantity"])
        elif type in ("OrderCancelled", "OrderExpired"):
            for line_id, units in list(self.standing.items()):
                yield self._less(line_id, units)
        elif type == "LinesReturned":
            yield "returned_units", sum(each["quantity"] for each in data["lines"])
        elif type == "PaymentRefunded":
            yield "refunded", Decimal(data["amount"])

    def _more(self, line: dict) -> Iterator[Fact]:
        self.lines[line["line_id"]] = dict(line)
        self.standing[line["line_id"]] = line["quantity"]
        yield "lines", 1
        yield "units", line["quantity"]
        yield "placed", line["quantity"] * Decimal(line["unit_price"])

    def _less(self, line_id: int, units: int) -> Fact:
        self.standing[line_id] -= units
        return "cancelled", units * Decimal(self.lines[line_id]["unit_price"])


def expected(session: psycopg.Connection) -> dict[Key, tuple]:
    """(date, currency, country) -> the other columns; without rows of zeros."""
    days: dict[Key, Counter[str]] = defaultdict(Counter)
    orders: dict[str, Order] = {}
    for stream, type, at, text in session.execute(EVENTS):
        data = json.loads(text)
        order = orders.setdefault(
            stream, Order(data) if type == "OrderPlaced" else None
        )
        if type == "ShippingAddressChanged":
            _move(days, order, at, data["shipping_address"]["country"])
        for name, amount in order.facts(type, data):
            days[_key(order, at)][name] += amount
            order.so_far[name] += amount
    found = {key: tuple(sums[name] for name in COLUMNS) for key, sums in days.items()}
    return {key: sums for key, sums in found.items() if any(sums)}


def actual(session: psycopg.Connection) -> dict[Key, tuple]:
    found = {row[:3]: row[3:] for row in session.execute(ROWS)}
    return {key: sums for key, sums in found.items() if any(sums)}


def _move(days, order: Order, at: datetime, country: str) -> None:
    for name, amount in order.so_far.items():
        days[_key(order, at)][name] -= amount
    order.country = country
    for name, amount in order.so_far.items():
        days[_key(order, at)][name] += amount


def _key(order: Order, at: datetime) -> Key:
    return at.astimezone(UTC).date(), order.currency, order.country
