"""The shape of events in answers, with an example."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers


class EventSerializer(serializers.Serializer[Any]):
    event_id = serializers.UUIDField()
    position = serializers.IntegerField(min_value=1, help_text="in the whole log")
    stream = serializers.CharField(help_text="`order-<uuid>` for those of an order")
    version = serializers.IntegerField(min_value=1, help_text="in its stream")
    type = serializers.CharField()
    schema_version = serializers.IntegerField(min_value=1)
    recorded_at = serializers.DateTimeField(help_text="when it was stored")
    occurred_at = serializers.DateTimeField(help_text="when it happened")
    data = serializers.DictField(  # type: ignore[assignment]
        help_text="the fields of the command, and the numbers the server gave"
    )
    metadata = serializers.DictField(child=serializers.CharField())


class EventPageSerializer(serializers.Serializer[Any]):
    data = EventSerializer(many=True)  # type: ignore[assignment]
    next = serializers.URLField(
        allow_null=True, help_text="the page that follows; null on the last one"
    )


STORED = OpenApiParameter(
    "stored",
    {"type": "boolean", "default": False},
    OpenApiParameter.QUERY,
    description="Shows each event as it is stored, with its type and schema version of "
    "then; otherwise at the newest schema version.",
)

EVENT = {
    "event_id": "018f7a5e-7c3b-7d64-9c55-3a1c9f3a2f11",
    "position": 1815,
    "stream": "order-018f7a5e-7c3b-7d64-9c55-3a1c9f3a2f10",
    "version": 3,
    "type": "PaymentCaptured",
    "schema_version": 1,
    "recorded_at": "2026-01-05T09:31:12.250000Z",
    "occurred_at": "2026-01-05T09:31:12Z",
    "data": {"amount": "15.00", "method": "card", "reference": "ch_1815"},
    "metadata": {
        "command_id": "018f7a5e-7c3b-7d64-9c55-3a1c9f3a2f12",
        "correlation_id": "018f7a5e-7c3b-7d64-9c55-3a1c9f3a2f12",
        "causation_id": "018f7a5e-7c3b-7d64-9c55-3a1c9f3a2f12",
        "actor": "key:shop",
        "request_id": "018f7a5e-7c3b-7d64-9c55-3a1c9f3a2f13",
        "customer_id": "customer-1815",
    },
}


def page(url: str) -> dict[str, Any]:
    return {"data": [EVENT], "next": f"https://shop.example/api/v1/queries/{url}"}
