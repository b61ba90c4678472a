"""What a command's request says beside its body: who asks, and for which version."""

import re

from rest_framework.request import Request

from api import authentication, request_id
from api.problems import Problem
from eventstore.commands import Context

# Versions are bigints; a strong entity tag of one, and nothing else.
_IF_MATCH = re.compile(r'"([1-9][0-9]{0,17})"')


def context(request: Request) -> Context:
    """For the metadata of the events that the command leads to."""
    return Context(
        actor=authentication.actor(request),
        source="api",
        request_id=request_id.of(request),
        traceparent=request_id.traceparent_of(request),
    )


def expected_version(request: Request) -> int | None:
    """Of If-Match; None without one. Raises Problem 400 `bad-if-match`."""
    header = request.headers.get("If-Match")
    if header is None:
        return None
    if match := _IF_MATCH.fullmatch(header):
        return int(match[1])
    raise bad_if_match()


def bad_if_match() -> Problem:
    detail = 'If-Match takes the ETag of one version, such as "3" with its quotes.'
    return Problem(status=400, code="bad-if-match", detail=detail)
