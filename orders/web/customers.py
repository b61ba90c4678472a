"""The query endpoints of customers."""

from typing import ClassVar

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api import parameters
from api.problems import Problem
from orders import customer_queries
from orders.web import customer_schema, standings
from projections import errors
from projections.in_redis import latest

TIMELINE = "customer_timeline"
UNAVAILABLE_RETRY_S = 2


class CustomerDetail(APIView):
    """One customer."""

    required_scopes: ClassVar = {"GET": ("orders:read",)}

    @customer_schema.get_customer()
    def get(self, request: Request, customer_id: str) -> Response:
        parameters.check(request, known=())
        headers = standings.headers(request, "customer_summary")
        found = None
        if standings.can_be(customer_id):
            found = customer_queries.find_customer(customer_id, now=timezone.now())
        if found is None:
            detail = f"There is no order of a customer {customer_id}."
            raise standings.unknown(customer_schema.UNKNOWN, detail, headers)
        return Response(found, headers=headers)


class CustomerTimeline(APIView):
    """The latest that happened to a customer's orders."""

    required_scopes: ClassVar = {"GET": ("orders:read",)}

    @customer_schema.get_timeline()
    def get(self, request: Request, customer_id: str) -> Response:
        parameters.check(request, known=())
        try:
            # Whoever would wait for a write in vain learns so at once.
            latest.refuse_unavailable(TIMELINE)
            headers = standings.headers(request, TIMELINE)
            possible = standings.can_be(customer_id)
            found = latest.of(TIMELINE, customer_id) if possible else []
        except (errors.RedisAway, errors.RowsLost, errors.BeingFilled) as error:
            raise unavailable(error) from error
        if not found:
            detail = f"There is no order of a customer {customer_id}."
            raise standings.unknown(customer_schema.UNKNOWN, detail, headers)
        return Response({"data": found}, headers=headers)


def unavailable(error: errors.ProjectionError) -> Problem:
    """503: nothing is lost, all of it comes from the log again."""
    return Problem(
        status=503,
        code="read-model-unavailable",
        detail=f"The read model {TIMELINE} cannot be read now: {error}.",
        headers={"Retry-After": str(UNAVAILABLE_RETRY_S)},
    )
