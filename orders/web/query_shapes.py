"""The shapes of orders in answers, whole and in lists, with an example of each."""

from enum import StrEnum
from typing import Any

from rest_framework import serializers

from orders.domain import money
from orders.domain.axes import FulfillmentStatus, PaymentStatus, Status
from orders.web.command_routes import ADDRESS
from orders.web.command_schema import ORDER_ID


class AmountTextField(serializers.RegexField):
    """An amount as `money.to_text` writes it."""

    def __init__(self, **options: Any) -> None:
        fraction = rf"[0-9]{{2,{money.FRACTION_DIGITS}}}"
        whole = rf"(0|[1-9][0-9]{{0,{money.INTEGER_DIGITS - 1}}})"
        super().__init__(rf"^{whole}\.{fraction}$", **options)


def _number() -> serializers.IntegerField:
    return serializers.IntegerField(min_value=1)


def _units(help_text: str = "") -> serializers.IntegerField:
    return serializers.IntegerField(min_value=0, help_text=help_text or None)


def _word(axis: type[StrEnum]) -> serializers.ChoiceField:
    return serializers.ChoiceField(choices=[each.value for each in axis])


class OrderHeadSerializer(serializers.Serializer[Any]):
    order_id = serializers.UUIDField()
    external_reference = serializers.CharField(allow_null=True)
    version = serializers.IntegerField(min_value=1, help_text="counts its events")
    customer_id = serializers.CharField()
    currency = serializers.RegexField(r"^[A-Z]{3}$", help_text="ISO 4217")
    status = _word(Status)
    payment_status = _word(PaymentStatus)
    fulfillment_status = _word(FulfillmentStatus)
    total = AmountTextField(help_text="of the lines as they stand, returns included")
    captured = AmountTextField(help_text="in all, whatever was refunded")
    refunded = AmountTextField(help_text="in all")
    placed_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class ListedOrderSerializer(OrderHeadSerializer):
    line_count = _units("lines, removed ones not counted")
    units = _units("of all lines, cancelled ones not counted")
    country = serializers.CharField(help_text="of the shipping address")


class OrderPageSerializer(serializers.Serializer[Any]):
    data = ListedOrderSerializer(many=True)  # type: ignore[assignment]
    next = serializers.URLField(
        allow_null=True, help_text="the page that follows; null on the last one"
    )


class OrderLineSerializer(serializers.Serializer[Any]):
    line_id = _number()
    sku = serializers.CharField()
    name = serializers.CharField()
    quantity = serializers.IntegerField(
        min_value=1, help_text="units ordered, cancelled ones included"
    )
    unit_price = AmountTextField()
    shipped = _units()
    cancelled = _units()
    returned = _units()


class OrderPaymentSerializer(serializers.Serializer[Any]):
    amount = AmountTextField()
    method = serializers.CharField()
    reference = serializers.CharField()
    at = serializers.DateTimeField()


class OrderRefundSerializer(serializers.Serializer[Any]):
    amount = AmountTextField()
    reason = serializers.CharField()
    at = serializers.DateTimeField()


class ShippedLineSerializer(serializers.Serializer[Any]):
    line_id = _number()
    quantity = _number()


class FailedDeliverySerializer(serializers.Serializer[Any]):
    reason = serializers.CharField()
    at = serializers.DateTimeField()


class OrderShipmentSerializer(serializers.Serializer[Any]):
    shipment_id = _number()
    carrier = serializers.CharField()
    tracking_number = serializers.CharField()
    lines = ShippedLineSerializer(many=True)
    sent_at = serializers.DateTimeField()
    delivered_at = serializers.DateTimeField(allow_null=True)
    failures = FailedDeliverySerializer(many=True)


class OrderNoteSerializer(serializers.Serializer[Any]):
    text = serializers.CharField()
    at = serializers.DateTimeField()


class OrderAddressSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    line1 = serializers.CharField()
    line2 = serializers.CharField(required=False)
    city = serializers.CharField()
    region = serializers.CharField(required=False)
    postal_code = serializers.CharField(required=False)
    country = serializers.CharField(help_text="ISO code or name")


class OrderSerializer(OrderHeadSerializer):
    lines = OrderLineSerializer(many=True)
    payments = OrderPaymentSerializer(many=True)
    refunds = OrderRefundSerializer(many=True)
    shipments = OrderShipmentSerializer(many=True)
    notes = OrderNoteSerializer(many=True)
    shipping_address = OrderAddressSerializer()


# Its nine events: placed, confirmed, paid, shipped, not met, delivered, completed, one
# of two units returned, that one refunded.
_HEAD = {
    "order_id": ORDER_ID,
    "external_reference": "WEB-1815",
    "version": 9,
    "customer_id": "customer-1815",
    "currency": "EUR",
    "status": "completed",
    "payment_status": "partially_refunded",
    "fulfillment_status": "partially_returned",
    "total": "15.00",
    "captured": "15.00",
    "refunded": "7.50",
    "placed_at": "2026-01-05T09:30:00Z",
    "updated_at": "2026-01-12T16:20:45.120000Z",
}
ORDER = {
    **_HEAD,
    "lines": [
        {
            "line_id": 1,
            "sku": "MUG-1",
            "name": "Mug",
            "quantity": 2,
            "unit_price": "7.50",
            "shipped": 2,
            "cancelled": 0,
            "returned": 1,
        }
    ],
    "payments": [
        {
            "amount": "15.00",
            "method": "card",
            "reference": "ch_1815",
            "at": "2026-01-05T09:31:12Z",
        }
    ],
    "refunds": [
        {
            "amount": "7.50",
            "reason": "One mug was chipped",
            "at": "2026-01-12T16:20:45.120000Z",
        }
    ],
    "shipments": [
        {
            "shipment_id": 1,
            "carrier": "DHL",
            "tracking_number": "JD014600003SE",
            "lines": [{"line_id": 1, "quantity": 2}],
            "sent_at": "2026-01-06T14:00:00Z",
            "delivered_at": "2026-01-08T10:05:00Z",
            "failures": [{"reason": "Nobody at home", "at": "2026-01-07T11:40:00Z"}],
        }
    ],
    "notes": [{"text": "Ring twice", "at": "2026-01-05T09:30:00Z"}],
    "shipping_address": ADDRESS,
}
PAGE = {
    "data": [{**_HEAD, "line_count": 1, "units": 2, "country": "GB"}],
    "next": "https://shop.example/api/v1/queries/orders?limit=1&cursor=WyJhIl0:AbC",
}
PAGE_AS_CSV = (
    "order_id,external_reference,version,customer_id,currency,country,status,"
    "payment_status,fulfillment_status,total,captured,refunded,line_count,units,"
    "placed_at,updated_at\r\n"
    f"{ORDER_ID},WEB-1815,9,customer-1815,EUR,GB,completed,partially_refunded,"
    "partially_returned,15.00,15.00,7.50,1,2,2026-01-05T09:30:00Z,"
    "2026-01-12T16:20:45.120000Z\r\n"
)
