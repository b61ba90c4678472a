"""The bodies of the commands, with the limits that the domain leaves to the outside."""

from typing import Any

from api.fields import (
    AmountField,
    CurrencyField,
    StrictCharField,
    StrictChoiceField,
    StrictIntegerField,
    StrictUUIDField,
)
from api.serializers import StrictListSerializer, StrictSerializer
from orders.domain import currencies, errors
from orders.domain.rules import Rules
from orders.domain.values import MAX_QUANTITY

# Of an order that comes in by the API; `import` and `unknown` are for the rest.
CHANNELS = ("web", "app", "phone", "store", "api")
MAX_NUMBER = 2**31 - 1  # of a line or shipment; beyond any that an order can have


def _identifier(**options: Any) -> StrictCharField:
    return StrictCharField(max_length=64, **options)


def _name(**options: Any) -> StrictCharField:
    return StrictCharField(max_length=200, **options)


def _reason() -> StrictCharField:
    return StrictCharField(max_length=500)


def _note(**options: Any) -> StrictCharField:
    return StrictCharField(max_length=2000, line_feeds=True, **options)


def _number() -> StrictIntegerField:
    return StrictIntegerField(min_value=1, max_value=MAX_NUMBER)


def _quantity() -> StrictIntegerField:
    return StrictIntegerField(min_value=1, max_value=MAX_QUANTITY)


class AddressSerializer(StrictSerializer):
    name = _name()
    line1 = _name()
    line2 = _name(required=False)
    city = _name()
    region = _name(required=False)
    postal_code = _name(required=False)
    country = _identifier(help_text="ISO code or name")


class NewLinesSerializer(StrictListSerializer):
    """Refuses too many lines as the domain does, before it looks at each of them."""

    def to_internal_value(self, data: Any) -> list[Any]:
        allowed = Rules().max_lines
        if isinstance(data, list) and len(data) > allowed:
            raise errors.TooManyLines(lines=len(data), allowed=allowed)
        return super().to_internal_value(data)


class NewLineSerializer(StrictSerializer):
    sku = _identifier()
    name = _name()
    quantity = _quantity()
    unit_price = AmountField()

    class Meta:
        list_serializer_class = NewLinesSerializer


class LineQuantitySerializer(StrictSerializer):
    line_id = _number()
    quantity = _quantity()


class ChannelSerializer(StrictSerializer):
    kind = StrictChoiceField(words=CHANNELS)
    name = _identifier(required=False, help_text="which shop, app or campaign")


class PlaceOrderSerializer(StrictSerializer):
    customer_id = _identifier()
    currency = CurrencyField(is_known=currencies.ACTIVE.__contains__)
    lines = NewLineSerializer(many=True, help_text="1 to 2,000 lines")
    shipping_address = AddressSerializer()
    order_id = StrictUUIDField(required=False, help_text="made by the server if absent")
    external_reference = _identifier(required=False)
    note = _note(required=False)
    channel = ChannelSerializer(required=False, help_text='default: `{"kind": "api"}`')


class AddLineSerializer(NewLineSerializer):
    pass


class ChangeLineQuantitySerializer(LineQuantitySerializer):
    pass


class RemoveLineSerializer(StrictSerializer):
    line_id = _number()


class ChangeShippingAddressSerializer(StrictSerializer):
    shipping_address = AddressSerializer()


class AddNoteSerializer(StrictSerializer):
    text = _note()


class NothingSerializer(StrictSerializer):
    """No members: an empty object, or no body at all."""


class CapturePaymentSerializer(StrictSerializer):
    amount = AmountField(zero=False)
    method = _identifier()
    reference = _identifier(help_text="counts once per order")


class RecordPaymentFailureSerializer(StrictSerializer):
    amount = AmountField()
    method = _identifier()
    reason = _reason()


class ShipOrderSerializer(StrictSerializer):
    carrier = _identifier()
    tracking_number = _identifier()
    lines = LineQuantitySerializer(
        many=True, required=False, help_text="default: all that is left"
    )


class MarkDeliveredSerializer(StrictSerializer):
    shipment_id = _number()


class RecordDeliveryFailureSerializer(StrictSerializer):
    shipment_id = _number()
    reason = _reason()


class ReasonSerializer(StrictSerializer):
    reason = _reason()


class LinesAndReasonSerializer(StrictSerializer):
    lines = LineQuantitySerializer(many=True)
    reason = _reason()


class RefundPaymentSerializer(StrictSerializer):
    amount = AmountField(zero=False)
    reason = _reason()
