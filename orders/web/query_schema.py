"""The OpenAPI description of the query endpoints of orders."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers

from api import cursors, fields, openapi, problems
from api.openapi import Failure
from api.problems import Fault
from eventstore.store import MAX_VERSION
from orders.domain.axes import FulfillmentStatus, PaymentStatus, Status
from orders.searching import LONGEST_SEARCH
from orders.web import query_parts as parts
from orders.web import query_shapes
from orders.web.command_schema import ORDER_ID, PATH
from projections import freshness
from projections.web.describing import Decorate


class MissingProblemSerializer(openapi.ProblemSerializer):
    newest = serializers.IntegerField(
        min_value=1, required=False, help_text="version, with `unknown-version`"
    )


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
    "q": (
        {"type": "string", "minLength": 1, "maxLength": LONGEST_SEARCH},
        "Words of customer, names, SKUs, references, tracking numbers, city and notes, "
        "in any case, with accents or without. A word finds those that it begins, or "
        "else those it may be a misspelling of; all words have to be found.",
    ),
    "min_total": (AMOUNT, "A total of so much or more, in whatever currency."),
    "max_total": (AMOUNT, "A total of so much or less, in whatever currency."),
}
VERSION = {"type": "integer", "minimum": 1, "maximum": MAX_VERSION, "example": 3}
UNKNOWN = Failure(404, "unknown-order", f"There is no order {ORDER_ID}.")
BAD_CURSOR = Failure(
    400, "bad-cursor", "The cursor is not of this query. Start again without one."
)
LIMIT = {
    "type": "integer",
    "minimum": 1,
    "maximum": cursors.MAX_LIMIT,
    "default": cursors.DEFAULT_LIMIT,
}


def list_orders(*, orderings: Sequence[str], default: str) -> Decorate:
    """Decorates the view method that lists orders, in one of the orderings."""
    ordering = {"type": "string", "enum": list(orderings), "default": default}
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
            "it is the whole list, without `limit` and `cursor`.\n\n"
            "With `q` and no `ordering` those come first of which the id, reference, "
            "customer, a SKU or a tracking number is exactly what is asked for, then "
            "those whose identifiers and names have it, then those whose notes do; "
            "newest first among each."
        ),
        tags=["queries"],
        parameters=[
            *(parts.query(name, *described) for name, described in FILTERS.items()),
            parts.query("ordering", ordering, "With `-`: greatest or latest first."),
            *paging("Orders on a page."),
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
            **parts.problems("order_summary", BAD_CURSOR, faults=faults),
        },
    )


def get_order() -> Decorate:
    """Decorates the view method that answers one order."""
    return extend_schema(
        operation_id="getOrder",
        summary="Get an order",
        description=(
            "An order that exists and is not in the read model yet is answered with "
            "503 `read-model-behind`, never with 404. While an event of the order "
            "cannot be read, who demands a later write is told 503 `order-parked`.\n\n"
            "With `at_version` or `as_of` it is answered from its events."
        ),
        tags=["queries"],
        parameters=[
            PATH,
            parts.query("at_version", VERSION, "The order as it was at this version."),
            parts.query(
                "as_of",
                TIME,
                "The order as it was at this time: its newest version of which every "
                "event had occurred. Not with `at_version`.",
            ),
            *parts.HEADERS,
            openapi.request_header(
                "If-None-Match",
                'ETags of the versions at hand: `"3"`.',
                example='"3"',
            ),
            openapi.answer_header("ETag", 'The version of the order: `"3"`.', 200, 304),
            openapi.answer_header(
                "X-Cache",
                "`hit`: from a copy that is as new as the read model. `miss`: from the "
                "read model. `stale`: the last known copy, while the database is away. "
                "Absent with `at_version` and `as_of`.",
                200,
                304,
            ),
            openapi.answer_header(
                "Warning",
                '`110 - "Response is Stale"` with `X-Cache: stale`.',
                200,
                304,
            ),
            parts.read_position(200, 304),
        ],
        responses={
            200: parts.found(query_shapes.OrderSerializer, query_shapes.ORDER),
            304: OpenApiResponse(description="If-None-Match has this version."),
            **_order_problems(),
        },
    )


def paging(limit: str) -> list[OpenApiParameter]:
    return [
        parts.query("limit", LIMIT, limit),
        parts.query("cursor", {"type": "string"}, "As `next` has it, of this query."),
    ]


def _order_problems() -> dict[tuple[int, str], OpenApiResponse]:
    found = parts.problems(
        "order_detail",
        openapi.failure(freshness.held("order_detail")),
        UNKNOWN,
        Failure(
            404,
            "unknown-version",
            f"Order {ORDER_ID} has versions 1 to 9, not 12.",
            {"newest": 9},
        ),
        Failure(
            404,
            "not-placed-yet",
            f"Order {ORDER_ID} was not placed by 2026-01-01T00:00:00Z.",
        ),
        faults=[Fault("/as_of", "excluded", "Either at_version or as_of, not both.")],
    )
    found[404, problems.MEDIA_TYPE].response = MissingProblemSerializer
    return found
