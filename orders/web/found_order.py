"""One order as the answer to a query, or that there is none."""

from typing import Any
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from api import fields
from api.problems import Problem
from projections import freshness


def answer(request: Request, order: dict[str, Any], *, stands: int) -> Response:
    """The order with the tag of its version; 304 where the caller has it already."""
    etag = f'"{order["version"]}"'
    headers = {freshness.READ_POSITION: str(stands), "ETag": etag}
    if _matches(request.headers.get("If-None-Match", ""), etag):
        return Response(status=304, headers=headers)
    return Response(order, headers=headers)


def uuid(text: str) -> UUID:
    """The id in a URL. Raises Problem 404 `unknown-order` for what is none."""
    found = fields.parse_uuid(text)
    if found is None:
        raise unknown(text)
    return found


def unknown(order_id: str) -> Problem:
    return Problem(
        status=404, code="unknown-order", detail=f"There is no order {order_id}."
    )


def _matches(header: str, etag: str) -> bool:
    """Weak comparison of If-None-Match (RFC 9110, 13.1.2)."""
    wanted: list[Any] = [each.strip().removeprefix("W/") for each in header.split(",")]
    return etag in wanted or wanted == ["*"]
