"""Lists, newest first, filtered and paged by cursor."""

from collections.abc import Callable
from typing import Any, TypeVar

import django_filters
from django.db.models import Model, QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from api import cursors, parameters

Row = TypeVar("Row", bound=Model)


def answer(
    request: Request,
    rows: QuerySet[Row],
    *,
    filters: type[django_filters.FilterSet],
    document: Callable[[Row], dict[str, Any]],
) -> Response:
    """{"data", "next"} as everywhere. Raises Problem 422 and 400 `bad-cursor`."""
    known = {*filters.base_filters, *parameters.PAGING}
    with parameters.every_fault() as reading:
        reading(parameters.check, request, known=known)
        filtered = filters(request.query_params, queryset=rows)
        reading(parameters.refuse_faults, filtered.errors)
        reading(cursors.read_limit, request)
    page = cursors.page(filtered.qs, request=request, ordering=["-id"])
    return Response({"data": [document(row) for row in page.rows], "next": page.next})
