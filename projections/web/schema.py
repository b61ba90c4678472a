"""The OpenAPI description of the endpoints for operators."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

import django_filters
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
    extend_schema_view,
)
from rest_framework import serializers

from api import cursors, openapi, problems
from api.openapi import Failure
from api.problems import Fault
from api.serializers import StrictSerializer
from projections import errors
from projections.web import bodies, examples, filters, refusals, shapes
from projections.web.actions import Action

Method = TypeVar("Method", bound=Callable[..., Any])
View = TypeVar("View")
Shape = type[serializers.Serializer[Any]]


class Decorate(Protocol):
    """Describes a view's method."""

    def __call__(self, method: Method, /) -> Method: ...


HEADERS = tuple(each for each in openapi.HEADERS if each.name != "traceparent")
LIMIT = {
    "type": "integer",
    "minimum": 1,
    "maximum": cursors.MAX_LIMIT,
    "default": cursors.DEFAULT_LIMIT,
}
LOCATION = openapi.answer_header("Location", "Where the operation can be read.", 202)
_UNKNOWN_PROJECTION = errors.UnknownProjection(name="orders", known=["order_summary"])
_UNKNOWN_DEAD_LETTER = errors.UnknownDeadLetter(id=7)
_UNKNOWN_OPERATION = errors.UnknownOperation(id=12)
_NOT_PERMITTED = errors.NotPermitted(
    actor="user:ada", action="retry", permission="retry"
)
_NOT_IN_STATE = errors.NotAllowedInState("order_summary is paused already")
_BAD_CURSOR = Failure(
    400, "bad-cursor", "The cursor is not of this query. Start again without one."
)
_UNKNOWN_PARAMETER = [
    Fault("/colour", "unknown-parameter", "There is no such parameter.")
]


def list_projections() -> Decorate:
    return _read(
        "listProjections",
        "List projections",
        shapes.StatusListSerializer,
        {"data": [examples.STATUS], "next": None},
    )


def get_projection() -> Decorate:
    return _read(
        "getProjection",
        "Get a projection",
        shapes.WholeProjectionSerializer,
        examples.PROJECTION,
        _UNKNOWN_PROJECTION,
        description="With its operations under way and its newest failures.",
    )


def list_dead_letters() -> Decorate:
    return _list(
        "listDeadLetters",
        "List held streams",
        shapes.DeadLetterPageSerializer,
        examples.page(examples.DEAD_LETTER, "dead-letters"),
        filters.DeadLetterFilter,
    )


def get_dead_letter() -> Decorate:
    return _read(
        "getDeadLetter",
        "Get a held stream",
        shapes.WholeDeadLetterSerializer,
        examples.WHOLE_DEAD_LETTER,
        _UNKNOWN_DEAD_LETTER,
    )


def retry_dead_letter() -> Decorate:
    return _act(
        "retryDeadLetter",
        "Try a held stream again",
        "Applies its held events in order, now.",
        bodies.GivenReasonSerializer,
        {"reason": "mended"},
        {200: (shapes.FreedSerializer, {"freed": True, "dead_letter": None})},
        _UNKNOWN_DEAD_LETTER,
    )


def skip_dead_letter() -> Decorate:
    return _act(
        "skipDeadLetter",
        "Skip a failing event",
        "Passes it over for ever, rebuilds included, and goes on with its stream. It "
        "needs a reason.",
        bodies.NeededReasonSerializer,
        {"reason": "entered twice"},
        {
            200: (
                shapes.FreedSerializer,
                {"freed": False, "dead_letter": examples.DEAD_LETTER},
            )
        },
        _UNKNOWN_DEAD_LETTER,
    )


def retry_all() -> Decorate:
    return _act(
        "retryDeadLetters",
        "Try all held streams of a projection again",
        "Workers take one after the other; what is held only later is left alone.",
        bodies.RetryAllSerializer,
        {"projection": "order_summary", "reason": "mended"},
        {202: (shapes.OperationSerializer, examples.OPERATION)},
        _UNKNOWN_PROJECTION,
        _NOT_IN_STATE,
    )


def list_operations() -> Decorate:
    return _list(
        "listOperations",
        "List operations",
        shapes.OperationPageSerializer,
        examples.page(examples.OPERATION, "operations"),
        filters.OperationFilter,
        description="Rebuilds, roll backs and retries of all that is held.",
    )


def get_operation() -> Decorate:
    return _read(
        "getOperation",
        "Get an operation",
        shapes.OperationSerializer,
        examples.OPERATION,
        _UNKNOWN_OPERATION,
    )


def cancel_operation() -> Decorate:
    return _act(
        "cancelOperation",
        "Cancel an operation",
        "A retry keeps what it has freed; of a rebuild nothing is left behind.",
        bodies.GivenReasonSerializer,
        {"reason": "begun by mistake"},
        {200: (shapes.OperationSerializer, examples.OPERATION)},
        _UNKNOWN_OPERATION,
        _NOT_IN_STATE,
    )


def list_audit() -> Decorate:
    return _list(
        "listAudit",
        "List what operators did",
        shapes.AuditPageSerializer,
        examples.page(examples.AUDIT_ENTRY, "audit"),
        filters.AuditFilter,
        description="What was refused, too.",
    )


def describe(action: Action, view: type[View]) -> type[View]:
    """A view of its own for an action on a projection, with its description."""
    named = {"route": action, "action": action.word, "__module__": view.__module__}
    described = type(f"{action.word.capitalize()}View", (view,), named)
    decorate = _act(
        f"{action.word}Projection",
        action.summary,
        action.description,
        action.body,
        action.example,
        _answer_of(action),
        _UNKNOWN_PROJECTION,
        _NOT_IN_STATE,
    )
    return extend_schema_view(post=decorate)(described)


def _answer_of(action: Action) -> Mapping[int, tuple[Shape, Mapping[str, Any]]]:
    operation = (shapes.OperationSerializer, examples.OPERATION)
    if action.begins:
        return {202: operation}
    if action.word == "cancel":
        return {200: operation}
    return {200: (shapes.WholeProjectionSerializer, examples.PROJECTION)}


def _read(
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
                _invalid(_UNKNOWN_PARAMETER),
                *map(_failure, refused),
                *failures,
            ),
        },
    )


def _list(
    operation_id: str,
    summary: str,
    shape: Shape,
    example: Mapping[str, Any],
    filtered: type[django_filters.FilterSet],
    *,
    description: str = "",
) -> Decorate:
    return _read(
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
        failures=[_BAD_CURSOR],
    )


def _act(
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
                *map(_failure, (_NOT_PERMITTED, *refused)),
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
