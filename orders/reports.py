"""Reads sums over orders from the read tables: days of sales, the funnel."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Q, QuerySet, Sum

from orders import models
from orders.domain import money


@dataclass(frozen=True, slots=True)
class Span:
    """Days of UTC, both included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @classmethod
    def until(cls, last: date, *, days: int) -> "Span":
        return cls(last - timedelta(days=days - 1), last)


DAILY = (
    "date",
    "currency",
    "orders",
    "lines",
    "units",
    "placed",
    "cancelled",
    "returned_units",
    "refunded",
)
_SUMS = DAILY[2:]
_AMOUNTS = {"placed", "cancelled", "refunded"}
# A row of zeros is none: what was there has moved to another country or was taken back.
_SOMETHING = ~Q(**dict.fromkeys((f"all_{name}" for name in _SUMS), 0))


def days_of_sales() -> QuerySet[models.SalesDaily]:
    """All days of sales, to be filtered by country and currency."""
    return models.SalesDaily.objects.all()


def daily(rows: QuerySet[models.SalesDaily], *, span: Span) -> Iterator[dict[str, Any]]:
    """One row a day and currency, in this order, summed over countries: JSON-ready."""
    sums = (
        rows.filter(date__gte=span.first, date__lte=span.last)
        .values("date", "currency")
        .annotate(**{f"all_{name}": Sum(name) for name in _SUMS})
        .filter(_SOMETHING)
        .order_by("date", "currency")
    )
    for day, currency, *found in sums.values_list(
        "date", "currency", *(f"all_{name}" for name in _SUMS)
    ):
        shown = map(_shown, _SUMS, found)
        yield {
            "date": day.isoformat(),
            "currency": currency,
            **dict(zip(_SUMS, shown, strict=True)),
        }


def _shown(name: str, value: Any) -> int | str:
    return money.to_text(value) if name in _AMOUNTS else int(value)
