"""The filters of order lists, defined once."""

from typing import Any

import django_filters
from django.db.models import QuerySet

from orders.domain.axes import FulfillmentStatus, PaymentStatus, Status
from orders.models import OrderSummary


def _choices(axis: Any) -> list[tuple[str, str]]:
    return [(each.value, each.value) for each in axis]


class OrderFilter(django_filters.FilterSet):
    """Bounds include their value: placed_after=T finds an order placed at T."""

    status = django_filters.MultipleChoiceFilter(choices=_choices(Status))
    payment_status = django_filters.MultipleChoiceFilter(
        choices=_choices(PaymentStatus)
    )
    fulfillment_status = django_filters.MultipleChoiceFilter(
        choices=_choices(FulfillmentStatus)
    )
    customer_id = django_filters.CharFilter(max_length=64)
    sku = django_filters.CharFilter(method="with_sku", max_length=64)
    country = django_filters.CharFilter(max_length=64)
    currency = django_filters.CharFilter(max_length=3)
    external_reference = django_filters.CharFilter(max_length=64)
    placed_after = django_filters.IsoDateTimeFilter("placed_at", "gte")
    placed_before = django_filters.IsoDateTimeFilter("placed_at", "lte")
    min_total = django_filters.NumberFilter(
        "total", "gte", max_digits=18, decimal_places=4
    )
    max_total = django_filters.NumberFilter(
        "total", "lte", max_digits=18, decimal_places=4
    )

    class Meta:
        model = OrderSummary
        fields: list[str] = []

    def with_sku(
        self, rows: QuerySet[OrderSummary], name: str, value: str
    ) -> QuerySet[OrderSummary]:
        return rows.filter(skus__contains=[value])
