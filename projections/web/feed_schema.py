"""The OpenAPI description of the feed of events."""

from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
)

from api import cursors, openapi, problems
from api.openapi import Failure
from api.problems import Fault
from eventstore import streams
from eventstore.errors import BadToken
from projections import freshness, reading
from projections.web import event_shapes
from projections.web.describing import Decorate

HIGHEST = 2**63 - 1
FULL = Failure(
    503,
    "too-many-waiting",
    "Too many wait for events already. Ask again soon, or without wait.",
)


def type_names() -> list[str]:
    """Of all registered stream types."""
    return sorted(
        {event.name for each in streams.registered() for event in each.events}
    )


def list_events() -> Decorate:
    """Decorates the view method that answers the feed."""
    return extend_schema(
        operation_id="listEvents",
        summary="Follow all events",
        description=(
            "Events of all streams in the order of their positions, as they settle: "
            "none comes later below one that was shown. Follow `next` until it is "
            "null, then go on with `after` as Read-Position has it. With "
            "`Prefer: wait=N` an answer without events waits for the first one."
        ),
        tags=["queries"],
        parameters=[*_query_parameters(), *_headers()],
        responses={200: _page(), **_problems()},
    )


def _query_parameters() -> list[OpenApiParameter]:
    after = {"type": "integer", "minimum": 0, "maximum": HIGHEST, "default": 0}
    limit = {
        "type": "integer",
        "minimum": 1,
        "maximum": cursors.MAX_LIMIT,
        "default": cursors.DEFAULT_LIMIT,
    }
    stream = {"type": "string", "example": event_shapes.EVENT["stream"]}
    personal = {"type": "boolean", "default": False}
    return [
        _query("after", after, "Only events at positions above this one."),
        _query("limit", limit, "Events on a page."),
        _query("type", {"type": "string", "enum": type_names()}, "Of this type only."),
        _query("stream", stream, "Of this stream only."),
        _query(
            "personal",
            personal,
            "Shows what tells about persons, which is masked otherwise; needs the "
            "scope orders:read as well.",
        ),
        event_shapes.STORED,
    ]


def _headers() -> list[OpenApiParameter]:
    return [
        *(each for each in openapi.HEADERS if each.name != "traceparent"),
        openapi.request_header(
            "Consistency-Token", "From the answer of a command; the log has it."
        ),
        openapi.request_header(
            "Prefer",
            "`wait=N`: seconds to wait for an event, at most "
            f"{freshness.LONGEST_WAIT_S}.",
            example="wait=1",
        ),
        openapi.answer_header(
            "Preference-Applied", "`wait=N`, of an answer that waited.", 200
        ),
        OpenApiParameter(
            freshness.READ_POSITION,
            {"type": "integer", "minimum": 0},
            OpenApiParameter.HEADER,
            description="Position up to which the answer has all events asked for.",
            response=[200],
        ),
    ]


def _query(name: str, schema: dict[str, object], text: str) -> OpenApiParameter:
    return OpenApiParameter(name, schema, OpenApiParameter.QUERY, description=text)


def _page() -> OpenApiResponse:
    example = OpenApiExample(
        "Found", value=event_shapes.page("events?after=1815"), response_only=True
    )
    return OpenApiResponse(
        event_shapes.EventPageSerializer, description="Found.", examples=[example]
    )


def _problems() -> dict[tuple[int, str], OpenApiResponse]:
    faults = [
        Fault("/after", "out-of-range", f"Expected a whole number from 0 to {HIGHEST}.")
    ]
    invalid = openapi.failure(problems.invalid(faults))
    members = {"errors": [fault._asdict() for fault in faults]}
    return openapi.responses(
        *(each for each in openapi.ALWAYS if each.status != 403),
        Failure(403, "wrong-scope", "This needs the scope events:read."),
        Failure(400, BadToken.code, "this is no consistency token of this system"),
        invalid._replace(members=members),
        openapi.failure(reading.too_slow()),
        FULL,
    )
