"""The OpenAPI description of the reports of sales."""

from collections.abc import Callable
from typing import Any, TypeVar

from drf_spectacular.utils import OpenApiParameter, extend_schema

from api import fields
from api.problems import Fault
from orders.web import query_parts as parts
from orders.web import query_schema, sales_shapes, spans

Method = TypeVar("Method", bound=Callable[..., Any])

DATE = {"type": "string", "format": "date", "example": "2026-01-31"}
DAYS = (
    parts.query(
        "from",
        DATE,
        f"The first day (UTC), of at most {spans.MOST_DAYS}; without it the "
        f"report has the {spans.USUAL_DAYS} days up to `to`.",
    ),
    parts.query("to", DATE, "The last day (UTC), included; today without it."),
)
NO_DATE = Fault("/from", "invalid", "Expected an RFC 3339 date, such as 2026-01-31.")
TOO_LONG = Fault(
    "/from",
    "out-of-range",
    f"Expected 1 to {spans.MOST_DAYS} days, both dates included; these are 731.",
)


def sales_daily() -> Callable[[Method], Method]:
    """Decorates the view method that answers days of sales."""
    filters: list[OpenApiParameter] = [
        parts.query("country", query_schema.TEXT, "Orders that go there; else all."),
        parts.query("currency", fields.CurrencyField.schema, "An ISO 4217 code."),
    ]
    return extend_schema(
        operation_id="salesDaily",
        summary="Sales by day",
        description=(
            "One row a day and currency, summed over all countries unless one is "
            "given. Every fact counts on the day (UTC) on which it occurred: a change "
            "of lines as a difference, so a figure may be below zero. A day without "
            "any has no row."
        ),
        tags=["queries"],
        parameters=[
            *DAYS,
            *filters,
            parts.FORMAT,
            *parts.HEADERS,
            parts.read_position(200),
            parts.PARKED,
        ],
        responses={
            **parts.found_or_csv(
                sales_shapes.DaysSerializer,
                sales_shapes.DAYS,
                "date,currency,orders,lines,units,placed,cancelled,returned_units,"
                "refunded\r\n2026-01-05,EUR,12,31,58,1204.50,75.00,2,15.00\r\n",
            ),
            **parts.problems("sales_daily", faults=[NO_DATE, TOO_LONG]),
        },
    )


def sales_funnel() -> Callable[[Method], Method]:
    """Decorates the view method that answers the funnel."""
    return extend_schema(
        operation_id="salesFunnel",
        summary="How far orders get",
        description=(
            "Of the orders placed (`occurred_at`) on these days, how many ever were in "
            "each state, and the median time between states. What was reached counts, "
            "whatever came later: an order may be counted as delivered and as returned."
        ),
        tags=["queries"],
        parameters=[*DAYS, *parts.HEADERS, parts.read_position(200), parts.PARKED],
        responses={
            200: parts.found(sales_shapes.FunnelSerializer, sales_shapes.FUNNEL),
            **parts.problems("sales_funnel", faults=[NO_DATE, TOO_LONG]),
        },
    )
