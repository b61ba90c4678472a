"""The OpenAPI description of the query endpoints of customers."""

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
NONE = "There is no order of a customer customer-1815."
CUSTOMER_ID = OpenApiParameter(
    "customer_id",
    query_schema.TEXT,
    OpenApiParameter.PATH,
    description="Exactly this customer.",
)
FAULTS = (Fault("/colour", "unknown-parameter", "There is no such parameter."),)


def get_customer() -> Callable[[Method], Method]:
    """Decorates the view method that answers one customer."""
    return extend_schema(
        operation_id="getCustomer",
        summary="Get a customer",
        description=(
            "Sums over all orders of the customer, as the list of orders shows them. "
            "`features` are for models and marketing."
        ),
        tags=["queries"],
        parameters=[
            CUSTOMER_ID,
            *parts.HEADERS,
            *STANDS,
        ],
        responses={
            200: parts.found(
                customer_shapes.CustomerSerializer, customer_shapes.CUSTOMER
            ),
            **parts.problems(
                "customer_summary", Failure(404, UNKNOWN, NONE), faults=FAULTS
            ),
        },
    )


def get_timeline() -> Callable[[Method], Method]:
    """Decorates the view method that answers the latest of one customer."""
    unavailable = Failure(
        503,
        "read-model-unavailable",
        "The read model customer_timeline cannot be read now: customer_timeline is "
        "being filled from the log.",
    )
    return extend_schema(
        operation_id="getCustomerTimeline",
        summary="Get the latest that happened to a customer's orders",
        description="The latest 100 things that happened, the newest first. It comes "
        "from Redis: 503 `read-model-unavailable` while that is away or being filled.",
        tags=["queries"],
        parameters=[CUSTOMER_ID, *parts.HEADERS, *STANDS],
        responses={
            200: parts.found(
                customer_shapes.TimelineSerializer, customer_shapes.TIMELINE
            ),
            **parts.problems(
                "customer_timeline",
                Failure(404, UNKNOWN, NONE),
                unavailable,
                faults=FAULTS,
            ),
        },
    )
