"""Where an answer about many orders stands, also one that knows of none."""

from collections.abc import Mapping

from rest_framework.request import Request

from api.problems import Problem
from projections import freshness

LONGEST = 64  # characters of a customer's id and of a SKU


def headers(request: Request, projection: str) -> dict[str, str]:
    """The headers, with the request's token honoured: before any row is read.

    Raises what freshness.demand raises.
    """
    stands = freshness.demand(request, projection)
    return {freshness.READ_POSITION: str(stands), **freshness.parked(projection)}


def can_be(text: str) -> bool:
    """Whether the text of a path can be an id at all; PostgreSQL knows no NUL."""
    return len(text) <= LONGEST and "\x00" not in text


def unknown(code: str, detail: str, headers: Mapping[str, str]) -> Problem:
    """404, which a parked order may be the reason of: it says so like other answers."""
    return Problem(status=404, code=code, detail=detail, headers=dict(headers))
