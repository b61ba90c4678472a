"""The OpenAPI description of the query endpoints of products."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from drf_spectacular.utils import OpenApiParameter, extend_schema

from api import fields
from api.openapi import Failure
from api.problems import Fault
from orders.web import product_shapes, query_schema
from orders.web import query_parts as parts
from projections import freshness

Method = TypeVar("Method", bound=Callable[..., Any])

UNKNOWN = "unknown-product"
COUNTED = (
    "An order counts with its lines as they stand: without cancelled units and removed "
    "lines, and with nothing once it is cancelled or expired."
)
SKU = OpenApiParameter(
    "sku", query_schema.TEXT, OpenApiParameter.PATH, description="Exactly this SKU."
)
STANDS = (
    parts.read_position(200, 404),
    OpenApiParameter(
        freshness.PARKED_ORDERS,
        {"type": "integer", "minimum": 1},
        OpenApiParameter.HEADER,
        description="Orders that the answer may lack, because an event of them cannot "
        "be read and is held; absent when there is none.",
        response=[200, 404],
    ),
)
_ODD = [Fault("/colour", "unknown-parameter", "There is no such parameter.")]
_MISSING = Failure(404, UNKNOWN, "No order has a product MUG-1.")


def list_products(
    *, orderings: Sequence[str], default: str
) -> Callable[[Method], Method]:
    """Decorates the view method that lists products, in one of the orderings."""
    ordering = {"type": "string", "enum": list(orderings), "default": default}
    bad_cursor = Failure(
        400, "bad-cursor", "The cursor is not of this query. Start again without one."
    )
    return extend_schema(
        operation_id="listProducts",
        summary="List products",
        description=(
            f"Those that are sold. {COUNTED} Without `currency`, amounts of all "
            "currencies count for the order as if they were of one. A product that is "
            "sold meanwhile may move to another page."
        ),
        tags=["queries"],
        parameters=[
            parts.query("ordering", ordering, "With `-`: the most first."),
            parts.query(
                "currency",
                fields.CurrencyField.schema,
                "Products sold in this currency, ordered by what they sold in it.",
            ),
            parts.query("limit", query_schema.LIMIT, "Products on a page."),
            parts.query(
                "cursor", {"type": "string"}, "As `next` has it, of this query."
            ),
            *parts.HEADERS,
            parts.read_position(200),
            parts.PARKED,
        ],
        responses={
            200: parts.found(product_shapes.ProductPageSerializer, product_shapes.PAGE),
            **parts.problems("product_sales", bad_cursor, faults=_ODD),
        },
    )


def get_product() -> Callable[[Method], Method]:
    """Decorates the view method that answers one product."""
    return extend_schema(
        operation_id="getProduct",
        summary="Get what a product sold",
        description=(
            f"{COUNTED} A product that is in such orders alone is answered with zeros."
        ),
        tags=["queries"],
        parameters=[SKU, *parts.HEADERS, *STANDS],
        responses={
            200: parts.found(product_shapes.ProductSerializer, product_shapes.PRODUCT),
            **parts.problems("product_sales", _MISSING, faults=_ODD),
        },
    )


def bought_with() -> Callable[[Method], Method]:
    """Decorates the view method that answers what is bought with a product."""
    return extend_schema(
        operation_id="boughtWith",
        summary="List what is bought with a product",
        description=f"By the number of orders that contain both, most first. {COUNTED}",
        tags=["queries"],
        parameters=[
            SKU,
            parts.query("limit", query_schema.LIMIT, "Products at most."),
            *parts.HEADERS,
            *STANDS,
        ],
        responses={
            200: parts.found(
                product_shapes.BoughtWithSerializer, product_shapes.BOUGHT_WITH
            ),
            **parts.problems("bought_with", _MISSING, faults=_ODD),
        },
    )
