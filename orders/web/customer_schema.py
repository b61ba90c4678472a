"""The OpenAPI description of the query endpoint of customers."""

from collections.abc import Callable
from typing import Any, TypeVar

from drf_spectacular.utils import OpenApiParameter, extend_schema

from api.openapi import Failure
from api.problems import Fault
from orders.web import customer_shapes, query_schema
from orders.web import query_parts as parts
from orders.web.product_schema import STANDS

Method = TypeVar("Method", bound=Callable[..., Any])

UNKNOWN = "unknown-customer"


def get_customer() -> Callable[[Method], Method]:
    """Decorates the view method that answers one customer."""
    faults = [Fault("/colour", "unknown-parameter", "There is no such parameter.")]
    detail = "There is no order of a customer customer-1815."
    return extend_schema(
        operation_id="getCustomer",
        summary="Get a customer",
        description=(
            "Sums over all orders of the customer, as the list of orders shows them. "
            "`features` are for models and marketing."
        ),
        tags=["queries"],
        parameters=[
            OpenApiParameter(
                "customer_id",
                query_schema.TEXT,
                OpenApiParameter.PATH,
                description="Exactly this customer.",
            ),
            *parts.HEADERS,
            *STANDS,
        ],
        responses={
            200: parts.found(
                customer_shapes.CustomerSerializer, customer_shapes.CUSTOMER
            ),
            **parts.problems(
                "customer_summary", Failure(404, UNKNOWN, detail), faults=faults
            ),
        },
    )
