"""The shapes of a customer and its timeline in answers, with examples."""

from typing import Any

from rest_framework import serializers

from orders.web.product_shapes import amounts, count


class FeaturesSerializer(serializers.Serializer[Any]):
    recency_days = count("whole days since the last order")
    frequency = count("orders that were neither cancelled nor expired")
    monetary = amounts("the lifetime value")
    return_rate = serializers.FloatField(
        min_value=0,
        max_value=1,
        help_text="units that came back of those of these orders, to 4 digits",
    )
    average_order = amounts("what these orders placed, by order, to 4 digits")


class CustomerSerializer(serializers.Serializer[Any]):
    customer_id = serializers.CharField()
    orders = count("placed, whatever became of them")
    units = count("of their lines as they stand, cancelled units not counted")
    placed = amounts("what those units come to")
    captured = amounts("in all")
    refunded = amounts("in all")
    lifetime_value = amounts("captured less refunded")
    returned_units = count("in all")
    cancelled_orders = count("cancelled or expired")
    first_order_at = serializers.DateTimeField(help_text="when it was placed")
    last_order_at = serializers.DateTimeField(help_text="likewise")
    features = FeaturesSerializer()


class HappeningSerializer(serializers.Serializer[Any]):
    order_id = serializers.UUIDField()
    type = serializers.CharField(help_text="of the event, such as `OrderPlaced`")
    at = serializers.DateTimeField(help_text="when it happened")
    summary = serializers.CharField(help_text="for people to read")


class TimelineSerializer(serializers.Serializer[Any]):
    data = HappeningSerializer(many=True)  # type: ignore[assignment]


CUSTOMER = {
    "customer_id": "customer-1815",
    "orders": 4,
    "units": 26,
    "placed": {"EUR": "180.00", "GBP": "12.50"},
    "captured": {"EUR": "150.00", "GBP": "12.50"},
    "refunded": {"EUR": "7.50", "GBP": "0.00"},
    "lifetime_value": {"EUR": "142.50", "GBP": "12.50"},
    "returned_units": 1,
    "cancelled_orders": 1,
    "first_order_at": "2026-01-05T09:30:00Z",
    "last_order_at": "2026-03-12T16:20:45.120000Z",
    "features": {
        "recency_days": 17,
        "frequency": 3,
        "monetary": {"EUR": "142.50", "GBP": "12.50"},
        "return_rate": 0.0435,
        "average_order": {"EUR": "75.00", "GBP": "12.50"},
    },
}
TIMELINE = {
    "data": [
        {
            "order_id": "01890a5d-ac96-774b-bcce-b302099a8057",
            "type": "PaymentCaptured",
            "at": "2026-03-12T16:20:45.120000Z",
            "summary": "Paid 12.50 by card",
        },
        {
            "order_id": "01890a5d-ac96-774b-bcce-b302099a8057",
            "type": "OrderPlaced",
            "at": "2026-03-12T16:20:00Z",
            "summary": "Placed 1 line, 12.50 GBP",
        },
    ]
}
