"""The query endpoints of orders."""

from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar

from django.http import HttpResponseBase
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api import csv_answers, cursors, parameters
from orders import found, listing, queries, searching
from orders.filters import OrderFilter
from orders.models import OrderSummary
from orders.web import found_order, histories, query_schema, whole_order
from projections import freshness

ORDERINGS = ["placed_at", "total", "updated_at"]
ORDERINGS += [f"-{name}" for name in ORDERINGS]
NEWEST_FIRST = "-placed_at"
REPEATABLE = {"status", "payment_status", "fulfillment_status"}


class OrderList(APIView):
    """Orders, filtered and paged by cursor."""

    required_scopes: ClassVar = {"GET": ("orders:read",)}
    renderer_classes = csv_answers.RENDERERS

    @query_schema.list_orders(orderings=ORDERINGS, default=NEWEST_FIRST)
    def get(self, request: Request) -> HttpResponseBase:
        with parameters.every_fault() as reading:
            as_csv = reading(csv_answers.is_asked, request)
            reading(_check, request, as_csv=as_csv)
            ordering = reading(
                parameters.choice, request, "ordering", ORDERINGS, NEWEST_FIRST
            )
            filtered = OrderFilter(request.query_params, queryset=queries.summaries())
            reading(parameters.refuse_faults, filtered.errors)
            if not as_csv:
                reading(cursors.read_limit, request)
        asked: str | None = filtered.form.cleaned_data["q"]
        read = ("order_summary", "order_search") if asked else ("order_summary",)
        stands = freshness.demand_all(request, read)
        sign = "-" if ordering.startswith("-") else ""
        columns = [ordering, f"{sign}order_id"]
        groups = self._groups(request, filtered.form.cleaned_data)
        headers = {
            freshness.READ_POSITION: str(stands),
            **freshness.parked(*read),
        }
        if as_csv:
            rows = cursors.walk(filtered.qs, ordering=columns, groups=groups)
            return csv_answers.respond(
                map(queries.listed, rows),
                columns=queries.LISTED,
                name="orders.csv",
                headers=headers,
            )
        page = cursors.page_in_turn(
            filtered.qs, request=request, ordering=columns, groups=groups
        )
        data = [queries.listed(row) for row in page.rows]
        return Response({"data": data, "next": page.next}, headers=headers)

    def _groups(
        self, request: Request, asked: Mapping[str, Any]
    ) -> list[cursors.Group[OrderSummary]]:
        """What a search finds comes by how well it matches, unless told otherwise."""
        if not asked["q"]:
            return [partial(listing.first, asked=asked)]
        search = searching.search(asked["q"])
        told = "ordering" in request.query_params
        return [
            partial(found.first, condition=condition)
            for condition in ([search.every] if told else search.in_turn)
        ]


class OrderDetail(APIView):
    """One order, whole."""

    required_scopes: ClassVar = {"GET": ("orders:read",)}

    @query_schema.get_order()
    def get(self, request: Request, order_id: str) -> HttpResponseBase:
        if histories.is_temporal(request):
            return histories.order_as_it_was(request, order_id)
        parameters.check(request, known=histories.TEMPORAL)
        return whole_order.answer(request, found_order.uuid(order_id))


def _check(request: Request, *, as_csv: bool) -> None:
    known = {*OrderFilter.base_filters, "ordering", csv_answers.FORMAT}
    known |= set() if as_csv else parameters.PAGING
    parameters.check(request, known=known, repeatable=REPEATABLE)
