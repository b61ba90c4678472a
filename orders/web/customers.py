"""The query endpoint of customers."""

from typing import ClassVar

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api import parameters
from orders import customer_queries
from orders.web import customer_schema, standings


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
