"""The shapes of the reports of sales, with an example of each."""

from typing import Any

from rest_framework import serializers

from orders.domain import money

# Sums over orders: more digits than an order's amounts have, and a day's sum may be a
# difference below zero.
SUM = rf"^-?(0|[1-9][0-9]{{0,19}})\.[0-9]{{2,{money.FRACTION_DIGITS}}}$"


class DaySerializer(serializers.Serializer[Any]):
    date = serializers.DateField()
    currency = serializers.RegexField(r"^[A-Z]{3}$", help_text="ISO 4217")
    orders = serializers.IntegerField(help_text="placed on the day")
    lines = serializers.IntegerField(
        help_text="placed with orders, added and removed on the day"
    )
    units = serializers.IntegerField(help_text="likewise; cancelled ones are not taken")
    placed = serializers.RegexField(SUM, help_text="what those lines come to")
    cancelled = serializers.RegexField(
        SUM,
        help_text="of cancelled lines, and of cancelled and expired orders",
    )
    returned_units = serializers.IntegerField()
    refunded = serializers.RegexField(SUM)


class DaysSerializer(serializers.Serializer[Any]):
    data = DaySerializer(many=True)  # type: ignore[assignment]


def _count(help_text: str = "") -> serializers.IntegerField:
    return serializers.IntegerField(min_value=0, help_text=help_text or None)


def _seconds() -> serializers.FloatField:
    return serializers.FloatField(allow_null=True)


class ReachedSerializer(serializers.Serializer[Any]):
    placed = _count()
    confirmed = _count()
    paid = _count("all that they cost was captured")
    shipped = _count("all units that were not cancelled; likewise the next one")
    delivered = _count()
    completed = _count()
    cancelled = _count("expired ones are not counted")
    returned = _count("all units; who sends back a part is not counted")


class MedianSecondsSerializer(serializers.Serializer[Any]):
    placed_to_confirmed = _seconds()
    confirmed_to_paid = _seconds()
    paid_to_shipped = _seconds()
    shipped_to_delivered = _seconds()


class FunnelSerializer(serializers.Serializer[Any]):
    reached = ReachedSerializer()
    median_seconds = MedianSecondsSerializer(
        help_text="of the orders that reached both; below zero where most reached the "
        "later state first; null where there is none"
    )


FUNNEL = {
    "reached": {
        "placed": 120,
        "confirmed": 112,
        "paid": 109,
        "shipped": 104,
        "delivered": 101,
        "completed": 101,
        "cancelled": 6,
        "returned": 3,
    },
    "median_seconds": {
        "placed_to_confirmed": 340.5,
        "confirmed_to_paid": 71.0,
        "paid_to_shipped": 86400.25,
        "shipped_to_delivered": None,
    },
}
DAYS = {
    "data": [
        {
            "date": "2026-01-05",
            "currency": "EUR",
            "orders": 12,
            "lines": 31,
            "units": 58,
            "placed": "1204.50",
            "cancelled": "75.00",
            "returned_units": 2,
            "refunded": "15.00",
        },
        {
            "date": "2026-01-05",
            "currency": "GBP",
            "orders": 0,
            "lines": -1,
            "units": -2,
            "placed": "-15.00",
            "cancelled": "0.00",
            "returned_units": 0,
            "refunded": "0.00",
        },
    ]
}
