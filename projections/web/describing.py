"""What the descriptions of the endpoints for operators have in common."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

import django_filters
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
)
from rest_framework import serializers

from api import cursors, openapi, problems
from api.openapi import Failure
from api.problems import Fault
from api.serializers import StrictSerializer
from projections import errors
from projections.web import refusals

Method = TypeVar("Method", bound=Callable[..., Any])
Shape = type[serializers.Serializer[Any]]

HEADERS = tuple(each for each in openapi.HEADERS if each.name != "traceparent")
LIMIT = {
    "type": "integer",
    "minimum": 1,
    "maximum": cursors.MAX_LIMIT,
    "default": cursors.DEFAULT_LIMIT,
}
LOCATION = openapi.answer_header("Location", "Where the operation can be read.", 202)
NOT_PERMITTED = errors.NotPermitted(
    actor="user:ada", action="retry", permission="retry"
)
BAD_CURSOR = Failure(
    400, "bad-cursor", "The cursor is not of this query. Start again without one."
)
UNKNOWN_PARAMETER = [
    Fault("/colour", "unknown-parameter", "There is no such parameter.")
]


class Decorate(Protocol):
    """Describes a view's method."""

    def __call__(self, method: Method, /) -> Method: ...


def reading(
    operation_id: str,
    summary: str,
    shape: Shape,
    example: Mapping[str, Any],
    *refused: errors.ProjectionError,
    description: str = "",
    parameters: Sequence[OpenApiParameter] = (),
    failures: Sequence[Failure] = (),
) -> Decorate:
    return extend_schema(
        operation_id=operation_id,
        summary=summary,
        description=description,
        tags=["operators"],
        parameters=[*parameters, *HEADERS],
        responses={
            200: _answer(shape, example),
            **openapi.responses(
                *_always("ops:read"),
                _invalid(UNKNOWN_PARAMETER),
                *map(_failure, refused),
                *failures,
            ),
        },
    )


def listing(
    operation_id: str,
    summary: str,
    shape: Shape,
    example: Mapping[str, Any],
    filtered: type[django_filters.FilterSet],
    *,
    description: str = "",
) -> Decorate:
    return reading(
        operation_id,
        summary,
        shape,
        example,
        description=f"Newest first. {description}".strip(),
        parameters=[
            *(_query(name, each) for name, each in filtered.base_filters.items()),
            OpenApiParameter("limit", LIMIT, description="Rows on a page."),
            OpenApiParameter("cursor", str, description="As `next` has it."),
        ],
        failures=[BAD_CURSOR],
    )


def acting(
    operation_id: str,
    summary: str,
    description: str,
    body: type[StrictSerializer],
    example: Mapping[str, Any],
    answers: Mapping[int, tuple[Shape, Mapping[str, Any]]],
    *refused: errors.ProjectionError,
) -> Decorate:
    return extend_schema(
        operation_id=operation_id,
        summary=summary,
        description=f"{description} Written into the audit, refusals too.",
        tags=["operators"],
        parameters=[*HEADERS, *([LOCATION] if 202 in answers else [])],
        request=body,
        examples=[OpenApiExample("Body", value=dict(example), request_only=True)],
        responses={
            **{status: _answer(*answer) for status, answer in answers.items()},
            **openapi.responses(
                *_always("ops:write"),
                *openapi.BODY,
                *map(_failure, (NOT_PERMITTED, *refused)),
            ),
        },
    )


def _answer(shape: Shape, value: Mapping[str, Any]) -> OpenApiResponse:
    example = OpenApiExample("Answer", value=dict(value), response_only=True)
    return OpenApiResponse(shape, description="Done.", examples=[example])


def _query(name: str, field: django_filters.Filter) -> OpenApiParameter:
    longest = field.extra["max_length"]
    schema = {"type": "string", "minLength": 1, "maxLength": longest}
    return OpenApiParameter(name, schema, description=f"Exactly this {name}.")


def _always(scope: str) -> list[Failure]:
    others = [each for each in openapi.ALWAYS if each.code != "wrong-scope"]
    return [*others, Failure(403, "wrong-scope", f"This needs the scope {scope}.")]


def _failure(error: errors.ProjectionError) -> Failure:
    return openapi.failure(refusals.from_error(error))


def _invalid(faults: Sequence[Fault]) -> Failure:
    members = {"errors": [fault._asdict() for fault in faults]}
    return openapi.failure(problems.invalid(faults))._replace(members=members)
