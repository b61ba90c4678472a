"""The query endpoints of orders."""

from typing import Any, ClassVar
from uuid import UUID

from django.http import HttpResponseBase
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api import csv_answers, cursors, fields, parameters
from api.problems import Problem
from eventstore import store
from orders import queries, streams
from orders.filters import OrderFilter
from orders.web import query_schema
from projections import consistency, freshness

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
        as_csv = csv_answers.is_asked(request)
        known = {*OrderFilter.base_filters, "ordering", csv_answers.FORMAT}
        known |= set() if as_csv else parameters.PAGING
        parameters.check(request, known=known, repeatable=REPEATABLE)
        ordering = parameters.choice(request, "ordering", ORDERINGS, NEWEST_FIRST)
        stands = freshness.demand(request, "order_summary")
        filtered = OrderFilter(request.query_params, queryset=queries.summaries())
        parameters.refuse_faults(filtered.errors)
        sign = "-" if ordering.startswith("-") else ""
        columns = [ordering, f"{sign}order_id"]
        headers = {
            freshness.READ_POSITION: str(stands),
            **freshness.parked("order_summary"),
        }
        if as_csv:
            rows = map(queries.listed, cursors.walk(filtered.qs, ordering=columns))
            return csv_answers.respond(
                rows, columns=queries.LISTED, name="orders.csv", headers=headers
            )
        page = cursors.page(filtered.qs, request=request, ordering=columns)
        data = [queries.listed(row) for row in page.rows]
        return Response({"data": data, "next": page.next}, headers=headers)


class OrderDetail(APIView):
    """One order, whole."""

    required_scopes: ClassVar = {"GET": ("orders:read",)}

    @query_schema.get_order()
    def get(self, request: Request, order_id: str) -> Response:
        parameters.check(request, known=())
        found_id = _uuid(order_id)
        stream = streams.ORDER.stream(found_id)
        stands = freshness.demand(request, "order_detail", stream=stream)
        order = queries.find_order(found_id)
        if order is None:
            raise _missing(stream)
        freshness.refuse_held_by_now(request, "order_detail", stream)
        etag = f'"{order["version"]}"'
        headers = {freshness.READ_POSITION: str(stands), "ETag": etag}
        if _matches(request.headers.get("If-None-Match", ""), etag):
            return Response(status=304, headers=headers)
        return Response(order, headers=headers)


def _uuid(text: str) -> UUID:
    found = fields.parse_uuid(text)
    if found is None:
        raise _unknown(text)
    return found


def _missing(stream: str) -> Problem:
    """An order that the log has is not unknown: its read table is behind."""
    freshness.refuse_held("order_detail", stream)
    if store.version_of(stream):
        return freshness.behind(consistency.behind("order_detail", stream=stream))
    return _unknown(stream.removeprefix("order-"))


def _unknown(order_id: str) -> Problem:
    return Problem(
        status=404, code="unknown-order", detail=f"There is no order {order_id}."
    )


def _matches(header: str, etag: str) -> bool:
    """Weak comparison of If-None-Match (RFC 9110, 13.1.2)."""
    wanted: list[Any] = [each.strip().removeprefix("W/") for each in header.split(",")]
    return etag in wanted or wanted == ["*"]
