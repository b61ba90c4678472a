"""The query endpoints of products."""

from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api import cursors, parameters, problems
from api.problems import Fault, Problem
from orders import product_queries
from orders.domain import currencies
from orders.web import product_schema, standings

ORDERINGS = ["revenue", "units", "-revenue", "-units"]
MOST_FIRST = "-revenue"


class ProductList(APIView):
    """Products by what they sold, paged by cursor."""

    required_scopes: ClassVar = {"GET": ("orders:read",)}

    @product_schema.list_products(orderings=ORDERINGS, default=MOST_FIRST)
    def get(self, request: Request) -> Response:
        known = {*parameters.PAGING, "ordering", "currency"}
        with parameters.every_fault() as reading:
            reading(parameters.check, request, known=known)
            ordering = reading(
                parameters.choice, request, "ordering", ORDERINGS, MOST_FIRST
            )
            currency = reading(_currency, request)
            reading(cursors.read_limit, request)
        sold = product_queries.sold(currency=currency)
        headers = standings.headers(request, "product_sales")
        sign = "-" if ordering.startswith("-") else ""
        page = cursors.page(sold, request=request, ordering=[ordering, f"{sign}sku"])
        data = product_queries.products([row.sku for row in page.rows])
        return Response({"data": data, "next": page.next}, headers=headers)


class ProductDetail(APIView):
    """One product."""

    required_scopes: ClassVar = {"GET": ("orders:read",)}

    @product_schema.get_product()
    def get(self, request: Request, sku: str) -> Response:
        parameters.check(request, known=())
        headers = standings.headers(request, "product_sales")
        found = product_queries.find_product(sku) if standings.can_be(sku) else None
        if found is None:
            raise _unknown(sku, headers)
        return Response(found, headers=headers)


class BoughtWith(APIView):
    """What else is in the orders of a product."""

    required_scopes: ClassVar = {"GET": ("orders:read",)}

    @product_schema.bought_with()
    def get(self, request: Request, sku: str) -> Response:
        with parameters.every_fault() as reading:
            reading(parameters.check, request, known={"limit"})
            limit = reading(cursors.read_limit, request)
        headers = standings.headers(request, "bought_with")
        if not (standings.can_be(sku) and product_queries.is_in_an_order(sku)):
            raise _unknown(sku, headers)
        data = product_queries.bought_with(sku, limit=limit)
        return Response({"data": data}, headers=headers)


def _currency(request: Request) -> str | None:
    currency = request.query_params.get("currency")
    if currency is None or currency in currencies.ACTIVE:
        return currency
    fault = Fault("/currency", "invalid", "Expected an ISO 4217 code, such as EUR.")
    raise problems.invalid([fault])


def _unknown(sku: str, headers: dict[str, str]) -> Problem:
    return standings.unknown(
        product_schema.UNKNOWN, f"No order has a product {sku}.", headers
    )
