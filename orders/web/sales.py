"""The reports of sales: days, and how far orders get."""

from typing import ClassVar

from django.http import HttpResponseBase
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api import csv_answers, parameters
from orders import reports
from orders.filters import SalesFilter
from orders.web import sales_schema, spans
from projections import freshness


class SalesDaily(APIView):
    """What was sold each day."""

    required_scopes: ClassVar = {"GET": ("orders:read",)}
    renderer_classes = csv_answers.RENDERERS

    @sales_schema.sales_daily()
    def get(self, request: Request) -> HttpResponseBase:
        known = {*spans.PARAMETERS, *SalesFilter.base_filters, csv_answers.FORMAT}
        rows = reports.days_of_sales()
        with parameters.every_fault() as reading:
            reading(parameters.check, request, known=known)
            as_csv = reading(csv_answers.is_asked, request)
            span = reading(spans.read, request)
            filtered = SalesFilter(request.query_params, queryset=rows)
            reading(parameters.refuse_faults, filtered.errors)
        headers = {
            freshness.READ_POSITION: str(freshness.demand(request, "sales_daily")),
            **freshness.parked("sales_daily"),
        }
        days = reports.daily(filtered.qs, span=span)
        if as_csv:
            return csv_answers.respond(
                days, columns=reports.DAILY, name="sales.csv", headers=headers
            )
        return Response({"data": list(days)}, headers=headers)


class SalesFunnel(APIView):
    """How far the orders got that were placed in some days."""

    required_scopes: ClassVar = {"GET": ("orders:read",)}

    @sales_schema.sales_funnel()
    def get(self, request: Request) -> Response:
        with parameters.every_fault() as reading:
            reading(parameters.check, request, known=spans.PARAMETERS)
            span = reading(spans.read, request)
        headers = {
            freshness.READ_POSITION: str(freshness.demand(request, "sales_funnel")),
            **freshness.parked("sales_funnel"),
        }
        return Response(reports.funnel(span), headers=headers)
