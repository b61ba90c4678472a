"""The feed of settled events over HTTP."""

from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api import authentication, cursors, parameters, problems
from api.problems import Fault, Problem
from eventstore import streams
from eventstore.errors import UnknownStreamType
from projections import errors, feed, freshness
from projections.feed import Asked, Found
from projections.web import feed_schema

PARAMETERS = {"after", "limit", "type", "stream", "personal", "stored"}

# Both, to see what tells about persons.
PERSONAL = frozenset({"events:read", "orders:read"})
FULL_RETRY_S = 5


class EventFeed(APIView):
    """Events in position order, as they settle."""

    required_scopes: ClassVar = {"GET": ("events:read",)}

    @feed_schema.list_events()
    def get(self, request: Request) -> Response:
        with parameters.every_fault() as reading:
            reading(parameters.check, request, known=PARAMETERS)
            limit = reading(cursors.read_limit, request)
            personal = reading(parameters.flag, request, "personal")
            stored = reading(parameters.flag, request, "stored")
            after = reading(_after, request)
            type = reading(_type, request)
            stream = reading(_stream, request)
        if personal:
            _refuse_personal(request)
        asked = Asked(after=after, limit=limit + 1, type=type, stream=stream)
        freshness.demand_log(request)
        found = feed.read(asked)
        headers = {}
        seconds = freshness.preferred_wait(request)
        if not found.events and seconds:
            found = _wait(asked, seconds)
            headers["Preference-Applied"] = f"wait={seconds}"
        following = _following(found, limit)
        stands = found.stands if following is None else following
        headers[freshness.READ_POSITION] = str(stands)
        return Response(
            {
                "data": [
                    each.envelope(masked=not personal, stored=stored)
                    for each in found.events[:limit]
                ],
                "next": following and _next(request, following),
            },
            headers=headers,
        )


def full(error: errors.TooManyWaiting) -> Problem:
    """503: there is no place left to wait."""
    return Problem(
        status=503,
        code=error.code,
        detail="Too many wait for events already. Ask again soon, or without wait.",
        headers={"Retry-After": str(FULL_RETRY_S)},
    )


def _wait(asked: Asked, seconds: int) -> Found:
    try:
        return feed.wait(asked, seconds=seconds)
    except errors.TooManyWaiting as error:
        raise full(error) from error


def _following(found: Found, limit: int) -> int | None:
    """The position after which the next page begins, if there is one."""
    more = len(found.events) > limit
    return found.events[limit - 1].position if more else None


def _next(request: Request, after: int) -> str:
    query = request.query_params.copy()
    query["after"] = str(after)
    return request.build_absolute_uri(f"{request.path}?{query.urlencode()}")


def _after(request: Request) -> int:
    return parameters.whole_number(
        request, "after", default=0, lowest=0, highest=feed_schema.HIGHEST
    )


def _type(request: Request) -> str | None:
    if "type" not in request.query_params:
        return None
    return parameters.choice(request, "type", feed_schema.type_names(), "")


def _stream(request: Request) -> str | None:
    stream = request.query_params.get("stream")
    if stream is not None:
        try:
            streams.of(stream)
        except UnknownStreamType as error:
            fault = Fault("/stream", "unknown-stream-type", str(error))
            raise problems.invalid([fault]) from error
        if "\0" in stream:
            fault = Fault("/stream", "invalid", "Null characters are not allowed.")
            raise problems.invalid([fault])
    return stream


def _refuse_personal(request: Request) -> None:
    """Raises Problem 403 `wrong-scope` for who may not see what it asks for."""
    if missing := PERSONAL - authentication.scopes(request):
        raise Problem(
            status=403,
            code="wrong-scope",
            detail=f"personal=true needs the scope {' and '.join(sorted(missing))}.",
        )
