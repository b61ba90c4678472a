"""The OpenAPI description of the query endpoints of orders."""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any, TypeVar

from drf_spectacular.utils import (
    OpenApiResponse,
    extend_schema,
)

from api import cursors, fields, openapi
from api.openapi import Failure
from api.problems import Fault
from orders.domain.axes import FulfillmentStatus, PaymentStatus, Status
from orders.web import query_parts as parts
from orders.web import query_shapes
from orders.web.command_schema import ORDER_ID, PATH
from projections import freshness

Method = TypeVar("Method", bound=Callable[..., Any])


def _words(axis: type[StrEnum]) -> dict[str, Any]:
    words = [each.value for each in axis]
    return {"type": "array", "items": {"type": "string", "enum": words}}


TEXT = {"type": "string", "minLength": 1, "maxLength": 64}
TIME = {"type": "string", "format": "date-time", "example": "2026-01-31T12:00:00Z"}
AMOUNT = fields.AmountField().schema
FILTERS: Mapping[str, tuple[dict[str, Any], str]] = {
    "status": (_words(Status), "Any of these; may repeat."),
    "payment_status": (_words(PaymentStatus), "Any of these; may repeat."),
    "fulfillment_status": (_words(FulfillmentStatus), "Any of these; may repeat."),
    "customer_id": (TEXT, "Exactly this customer."),
    "sku": (TEXT, "Orders with a line of exactly this SKU."),
    "country": (TEXT, "As the shipping address has it, code or name."),
    "currency": (fields.CurrencyField.schema, "An ISO 4217 code."),
    "external_reference": (TEXT, "Exactly this reference."),
    "placed_after": (TIME, "Placed at this time or later."),
    "placed_before": (TIME, "Placed at this time or earlier."),
    "min_total": (AMOUNT, "A total of so much or more, in whatever currency."),
    "max_total": (AMOUNT, "A total of so much or less, in whatever currency."),
}
LIMIT = {
    "type": "integer",
    "minimum": 1,
    "maximum": cursors.MAX_LIMIT,
    "default": cursors.DEFAULT_LIMIT,
}


def list_orders(
    *, orderings: Sequence[str], default: str
) -> Callable[[Method], Method]:
    """Decorates the view method that lists orders, in one of the orderings."""
    ordering = {"type": "string", "enum": list(orderings), "default": default}
    bad_cursor = Failure(
        400, "bad-cursor", "The cursor is not of this query. Start again without one."
    )
    faults = [
        Fault("/status", "invalid", "Select a valid choice. lost is not one of them."),
        Fault("/min_total", "invalid", "Enter a number."),
    ]
    return extend_schema(
        operation_id="listOrders",
        summary="List orders",
        description=(
            "An order has to pass all filters. Follow `next` until it is null; paging "
            "by `placed_at` shows each order once, whatever changes meanwhile. As CSV "
            "it is the whole list, without `limit` and `cursor`."
        ),
        tags=["queries"],
        parameters=[
            *(parts.query(name, *described) for name, described in FILTERS.items()),
            parts.query("ordering", ordering, "With `-`: greatest or latest first."),
            parts.query("limit", LIMIT, "Orders on a page."),
            parts.query(
                "cursor", {"type": "string"}, "As `next` has it, of this query."
            ),
            parts.FORMAT,
            *parts.HEADERS,
            parts.read_position(200),
            parts.PARKED,
        ],
        responses={
            **parts.found_or_csv(
                query_shapes.OrderPageSerializer,
                query_shapes.PAGE,
                query_shapes.PAGE_AS_CSV,
            ),
            **parts.problems("order_summary", bad_cursor, faults=faults),
        },
    )


def get_order() -> Callable[[Method], Method]:
    """Decorates the view method that answers one order."""
    unknown = Failure(404, "unknown-order", f"There is no order {ORDER_ID}.")
    faults = [Fault("/colour", "unknown-parameter", "There is no such parameter.")]
    return extend_schema(
        operation_id="getOrder",
        summary="Get an order",
        description=(
            "An order that exists and is not in the read model yet is answered with "
            "503 `read-model-behind`, never with 404. While an event of the order "
            "cannot be read, who demands a later write is told 503 `order-parked`."
        ),
        tags=["queries"],
        parameters=[
            PATH,
            *parts.HEADERS,
            openapi.request_header(
                "If-None-Match", 'ETags of the versions at hand: `"3"`.'
            ),
            openapi.answer_header("ETag", 'The version of the order: `"3"`.', 200, 304),
            parts.read_position(200, 304),
        ],
        responses={
            200: parts.found(query_shapes.OrderSerializer, query_shapes.ORDER),
            304: OpenApiResponse(description="If-None-Match has this version."),
            **parts.problems(
                "order_detail",
                openapi.failure(freshness.held("order_detail")),
                unknown,
                faults=faults,
            ),
        },
    )
