"""What the OpenAPI descriptions of the query endpoints of orders share."""

from collections.abc import Sequence
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse
from rest_framework import serializers

import api.problems
from api import csv_answers, openapi
from api.openapi import Failure
from api.problems import Fault
from api.renderers import JSONRenderer
from eventstore.errors import BadToken
from projections import errors, freshness, reading


class UnavailableProblemSerializer(openapi.ProblemSerializer):
    lag_events = serializers.IntegerField(
        min_value=0, required=False, help_text="with `read-model-behind`"
    )
    lag_seconds = serializers.FloatField(
        min_value=0, required=False, help_text="with `read-model-behind`"
    )


LOG_HEADERS = (
    *(each for each in openapi.HEADERS if each.name != "traceparent"),
    openapi.request_header(
        "Consistency-Token",
        "From the answer of a command: the query waits until it includes that write.",
    ),
)
HEADERS = (
    *LOG_HEADERS,
    openapi.request_header(
        "Prefer",
        "`wait=N`: seconds to wait for the write of the Consistency-Token, at most "
        f"{freshness.LONGEST_WAIT_S}; without it, as long as is configured "
        "(`consistency.default_timeout_ms`).",
        example="wait=1",
    ),
)
PARKED = OpenApiParameter(
    freshness.PARKED_ORDERS,
    {"type": "integer", "minimum": 1},
    OpenApiParameter.HEADER,
    description="Orders that the answer may lack, because an event of them cannot be "
    "read and is held; absent when there is none.",
    response=[200],
)
FORMAT = OpenApiParameter(
    csv_answers.FORMAT,
    {"type": "string", "enum": ["json", "csv"]},
    OpenApiParameter.QUERY,
    description="`csv` for an export, where `Accept: text/csv` cannot be sent; comes "
    "before Accept.",
)


def query(name: str, schema: dict[str, Any], description: str) -> OpenApiParameter:
    repeats = schema["type"] == "array"
    return OpenApiParameter(
        name,
        schema,
        OpenApiParameter.QUERY,
        description=description,
        style="form" if repeats else None,
        explode=True if repeats else None,
    )


def read_position(*statuses: int) -> OpenApiParameter:
    return OpenApiParameter(
        freshness.READ_POSITION,
        {"type": "integer", "minimum": 0},
        OpenApiParameter.HEADER,
        description="Position in the log at which the read model stands.",
        response=list(statuses),
    )


def found(shape: type[serializers.Serializer[Any]], value: Any) -> OpenApiResponse:
    example = OpenApiExample(
        "Found",
        value=value,
        response_only=True,
        media_type=JSONRenderer.media_type,
    )
    return OpenApiResponse(shape, description="Found.", examples=[example])


def found_or_csv(
    shape: type[serializers.Serializer[Any]], value: Any, csv: str
) -> dict[tuple[int, str], OpenApiResponse]:
    """For an endpoint that answers in both; csv: an example."""
    example = OpenApiExample(
        "As CSV", value=csv, response_only=True, media_type=csv_answers.MEDIA_TYPE
    )
    text = OpenApiResponse(OpenApiTypes.STR, description="Found.", examples=[example])
    return {
        (200, JSONRenderer.media_type): found(shape, value),
        (200, csv_answers.MEDIA_TYPE): text,
    }


def problems(
    projection: str, *own: Failure, faults: Sequence[Fault]
) -> dict[tuple[int, str], OpenApiResponse]:
    """What reading from the projection may meet, and the endpoint's own failures."""
    late = errors.Behind(
        projection=projection, position=1815, lag_events=42, lag_seconds=1.204
    )
    late_problem = openapi.failure(freshness.behind(late))
    described = problems_of_log(late_problem, *own, faults=faults)
    described[503, api.problems.MEDIA_TYPE].response = UnavailableProblemSerializer
    return described


def problems_of_log(
    *own: Failure, faults: Sequence[Fault]
) -> dict[tuple[int, str], OpenApiResponse]:
    """What reading from the log may meet, and the endpoint's own failures."""
    invalid = openapi.failure(api.problems.invalid(faults))
    members = {"errors": [fault._asdict() for fault in faults]}
    return openapi.responses(
        *(each for each in openapi.ALWAYS if each.status != 403),
        Failure(403, "wrong-scope", "This needs the scope orders:read."),
        Failure(400, BadToken.code, "this is no consistency token of this system"),
        invalid._replace(members=members),
        openapi.failure(reading.too_slow()),
        *own,
    )
