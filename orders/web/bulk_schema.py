"""The OpenAPI description of placing many orders at once."""

from typing import Any

from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiResponse,
    PolymorphicProxySerializer,
    extend_schema,
    extend_schema_view,
)
from rest_framework import serializers

from api import idempotency, openapi, problems
from api.problems import Fault
from orders.web import bulk, refusals
from orders.web import command_schema as single
from orders.web.command_routes import PLACE
from projections.web import answering

PLACED = {"status": 201, **single.stored_value(PLACE, version=1)}
TRIED = {"status": 200, "valid": True, "events": [PLACE.event_type]}
REFUSED = problems.body(
    refusals.from_domain(refusals.MINIMUM_ORDER_AMOUNT), request_id=openapi.REQUEST_ID
)
NOT_READ = problems.body(
    problems.invalid([Fault("/lines/0/quantity", "too-small", "Expected at least 1.")]),
    request_id=openapi.REQUEST_ID,
)
NO_ORDERS = Fault("/orders", "too-few-items", "Expected at least one order.")


class PlacedResultSerializer(single.CommandAnswerSerializer):
    status = serializers.IntegerField(min_value=201, max_value=201)


class TriedResultSerializer(single.TrialAnswerSerializer):
    status = serializers.IntegerField(min_value=200, max_value=200)


class BulkAnswerSerializer(serializers.Serializer[Any]):
    results = PolymorphicProxySerializer(
        component_name="BulkResult",
        serializers=[
            PlacedResultSerializer,
            TriedResultSerializer,
            openapi.ProblemSerializer,
        ],
        resource_type_field_name=None,
        many=True,
        help_text="one for each order, in the order they were sent",
    )


DESCRIPTION = (
    f"Up to {bulk.MAX_ORDERS} orders, each for itself: one that is refused does not "
    "hinder the others. The answer is 200 as soon as the body as a whole can be read; "
    "`results` has, in the same order, what `placeOrder` would have answered to each, "
    "with its `status`. Pointers to faults begin at the order they are about. Where "
    "two have the same `order_id`, the second is refused with `order-exists`.\n\n"
    "All orders are stored in one transaction. One `Idempotency-Key` is for the whole "
    "answer: what was refused is sent again under a new one. The request counts once "
    f"for the rate limit. The body may have {bulk.MAX_BODY_BYTES // 2**20} MiB."
)
operation = extend_schema(
    operation_id="placeOrders",
    summary="Place many orders",
    description=DESCRIPTION,
    tags=["commands"],
    parameters=[
        *single.SHARED,
        openapi.answer_header(
            answering.TOKEN,
            "Of the newest of the orders: a query that carries it includes them all. "
            "Absent where none was stored.",
            200,
        ),
    ],
    request=bulk.PlaceOrdersSerializer,
    examples=[
        OpenApiExample(
            "Two orders",
            value={"orders": [dict(PLACE.example), {**PLACE.example, "lines": []}]},
            request_only=True,
        )
    ],
    responses={
        200: OpenApiResponse(
            BulkAnswerSerializer,
            description="What became of each order.",
            examples=[
                OpenApiExample(
                    "Stored and refused",
                    value={"results": [PLACED, REFUSED, NOT_READ]},
                    response_only=True,
                ),
                OpenApiExample(
                    "Tried", value={"results": [TRIED, REFUSED]}, response_only=True
                ),
            ],
        ),
        **openapi.responses(
            *openapi.ALWAYS,
            *openapi.body_failures(limit=bulk.MAX_BODY_BYTES, faults=[NO_ORDERS]),
            *map(
                openapi.failure,
                (
                    bulk.no_if_match(),
                    idempotency.bad_key(),
                    idempotency.in_progress(),
                    idempotency.reused(),
                ),
            ),
        ),
    },
)
PlaceOrdersView = extend_schema_view(post=operation)(bulk.PlaceOrdersView)
