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
    version = order["version"]
    headers = {freshness.READ_POSITION: str(stands), "ETag": etag(version)}
    if is_known(request, version):
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


def etag(version: int) -> str:
    return f'"{version}"'


def is_known(request: Request, version: int) -> bool:
    """Weak comparison of If-None-Match (RFC 9110, 13.1.2)."""
    header = request.headers.get("If-None-Match", "")
    wanted: list[Any] = [each.strip().removeprefix("W/") for each in header.split(",")]
    return etag(version) in wanted or wanted == ["*"]
