"""The filters of order lists, defined once."""

import re
from datetime import datetime
from decimal import Decimal
from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet

from api import times
from orders import search_words, searching
from orders.domain.axes import FulfillmentStatus, PaymentStatus, Status
from orders.models import OrderSummary, SalesDaily


def _choices(axis: Any) -> list[tuple[str, str]]:
    return [(each.value, each.value) for each in axis]


class TimeField(forms.Field):
    def to_python(self, value: Any) -> datetime | None:
        try:
            return times.parse(value) if value else None
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error


class TimeFilter(django_filters.Filter):
    """An RFC 3339 time, as the API takes it everywhere."""

    field_class = TimeField


class TotalField(forms.Field):
    def to_python(self, value: Any) -> Decimal | None:
        if not value:
            return None
        if not _PLAIN_AMOUNT.fullmatch(value):
            raise forms.ValidationError(
                "Expected a plain decimal such as 12.50, at least 0."
            )
        return Decimal(value)


class TotalFilter(django_filters.Filter):
    field_class = TotalField


class SearchField(forms.CharField):
    def to_python(self, value: Any) -> str | None:
        text: str | None = super().to_python(value)
        if text and not search_words.chunks(text):
            raise forms.ValidationError("There is no word to search for.")
        return text


class SearchFilter(django_filters.CharFilter):
    """Passes all rows on: who asks decides whether what matters most comes first."""

    field_class = SearchField

    def filter(
        self, rows: QuerySet[OrderSummary], value: str | None
    ) -> QuerySet[OrderSummary]:
        return rows


class CurrencyField(forms.CharField):
    def to_python(self, value: Any) -> str | None:
        text: str | None = super().to_python(value)
        if text and not _CURRENCY.fullmatch(text):
            raise forms.ValidationError(
                "Expected an ISO 4217 code in capitals, such as EUR."
            )
        return text


class CurrencyFilter(django_filters.CharFilter):
    field_class = CurrencyField


_CURRENCY = re.compile("[A-Z]{3}")
_PLAIN_AMOUNT = re.compile(r"[0-9]{1,14}(\.[0-9]{1,4})?")


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
    currency = CurrencyFilter(strip=False)
    external_reference = django_filters.CharFilter(max_length=64)
    placed_after = TimeFilter(method="placed_since")
    placed_before = TimeFilter("placed_at", "lte")
    min_total = TotalFilter("total", "gte")
    max_total = TotalFilter("total", "lte")
    q = SearchFilter(max_length=searching.LONGEST_SEARCH, strip=False)

    class Meta:
        model = OrderSummary
        fields: list[str] = []

    def with_sku(
        self, rows: QuerySet[OrderSummary], name: str, value: str
    ) -> QuerySet[OrderSummary]:
        return rows.filter(skus__contains=[value])

    def placed_since(
        self, rows: QuerySet[OrderSummary], name: str, value: datetime
    ) -> QuerySet[OrderSummary]:
        if self.data.get("ordering") == "updated_at":
            # No order was updated before it was placed: the walk begins here.
            rows = rows.filter(updated_at__gte=value)
        return rows.filter(placed_at__gte=value)


class SalesFilter(django_filters.FilterSet):
    country = django_filters.CharFilter(max_length=64)
    currency = CurrencyFilter(strip=False)

    class Meta:
        model = SalesDaily
        fields: list[str] = []
