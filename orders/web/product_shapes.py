"""The shapes of products in answers, with an example of each."""

from typing import Any

from rest_framework import serializers

from orders.domain import money

# Sums over orders have more digits than an order's amounts.
SUM = rf"^(0|[1-9][0-9]{{0,19}})\.[0-9]{{2,{money.FRACTION_DIGITS}}}$"


def count(help_text: str) -> serializers.IntegerField:
    return serializers.IntegerField(min_value=0, help_text=help_text)


def amounts(help_text: str) -> serializers.DictField:
    """Amounts by currency."""
    return serializers.DictField(
        child=serializers.RegexField(SUM), help_text=f"{help_text}; by currency"
    )


class ProductSerializer(serializers.Serializer[Any]):
    sku = serializers.CharField()
    name = serializers.CharField(help_text="that most lines give it")
    orders = count("in which a unit of it stands, or more")
    units = count("that stand in those orders, returned ones included")
    revenue = amounts("what those units come to, paid for or not")
    returned_units = count("of those units")
    refunded = amounts(
        "of those orders' refunds, what their returned units explain at the unit "
        "price, line after line as far as the money goes"
    )
    customers = count("distinct ones; `anonymous` is none")


class ProductPageSerializer(serializers.Serializer[Any]):
    data = ProductSerializer(many=True)  # type: ignore[assignment]
    next = serializers.URLField(
        allow_null=True, help_text="the page that follows; null on the last one"
    )


class TogetherSerializer(serializers.Serializer[Any]):
    sku = serializers.CharField()
    name = serializers.CharField(help_text="that most lines give it")
    orders = serializers.IntegerField(min_value=1, help_text="that contain both")


class BoughtWithSerializer(serializers.Serializer[Any]):
    data = TogetherSerializer(many=True)  # type: ignore[assignment]


PRODUCT = {
    "sku": "MUG-1",
    "name": "Mug",
    "orders": 412,
    "units": 1031,
    "revenue": {"EUR": "6900.00", "GBP": "640.125"},
    "returned_units": 18,
    "refunded": {"EUR": "127.50", "GBP": "0.00"},
    "customers": 377,
}
PAGE = {
    "data": [PRODUCT],
    "next": "https://shop.example/api/v1/queries/products?limit=1&cursor=WyJhIl0:AbC",
}
BOUGHT_WITH = {
    "data": [
        {"sku": "SPOON-1", "name": "Spoon", "orders": 96},
        {"sku": "TEA-1", "name": "Green tea", "orders": 31},
    ]
}
