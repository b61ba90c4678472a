"""The OpenAPI description of the endpoints for operators."""

from collections.abc import Mapping
from typing import Any, TypeVar

from drf_spectacular.utils import extend_schema_view

from projections import errors
from projections.web import bodies, describing, examples, filters, shapes
from projections.web.actions import Action

View = TypeVar("View")

_UNKNOWN_PROJECTION = errors.UnknownProjection(name="orders", known=["order_summary"])
_UNKNOWN_DEAD_LETTER = errors.UnknownDeadLetter(id=7)
_UNKNOWN_OPERATION = errors.UnknownOperation(id=12)
_NOT_IN_STATE = errors.NotAllowedInState("order_summary is paused already")


def list_projections() -> describing.Decorate:
    return describing.reading(
        "listProjections",
        "List projections",
        shapes.StatusListSerializer,
        {"data": [examples.STATUS], "next": None},
    )


def get_projection() -> describing.Decorate:
    return describing.reading(
        "getProjection",
        "Get a projection",
        shapes.WholeProjectionSerializer,
        examples.PROJECTION,
        _UNKNOWN_PROJECTION,
        description="With its operations under way and its newest failures.",
    )


def list_dead_letters() -> describing.Decorate:
    return describing.listing(
        "listDeadLetters",
        "List held streams",
        shapes.DeadLetterPageSerializer,
        examples.page(examples.DEAD_LETTER, "dead-letters"),
        filters.DeadLetterFilter,
    )


def get_dead_letter() -> describing.Decorate:
    return describing.reading(
        "getDeadLetter",
        "Get a held stream",
        shapes.WholeDeadLetterSerializer,
        examples.WHOLE_DEAD_LETTER,
        _UNKNOWN_DEAD_LETTER,
    )


def retry_dead_letter() -> describing.Decorate:
    return describing.acting(
        "retryDeadLetter",
        "Try a held stream again",
        "Applies its held events in order, now.",
        bodies.GivenReasonSerializer,
        {"reason": "mended"},
        {200: (shapes.FreedSerializer, {"freed": True, "dead_letter": None})},
        _UNKNOWN_DEAD_LETTER,
    )


def skip_dead_letter() -> describing.Decorate:
    return describing.acting(
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


def retry_all() -> describing.Decorate:
    return describing.acting(
        "retryDeadLetters",
        "Try all held streams of a projection again",
        "Workers take one after the other; what is held only later is left alone.",
        bodies.RetryAllSerializer,
        {"projection": "order_summary", "reason": "mended"},
        {202: (shapes.OperationSerializer, examples.OPERATION)},
        _UNKNOWN_PROJECTION,
        _NOT_IN_STATE,
    )


def list_operations() -> describing.Decorate:
    return describing.listing(
        "listOperations",
        "List operations",
        shapes.OperationPageSerializer,
        examples.page(examples.OPERATION, "operations"),
        filters.OperationFilter,
        description="Rebuilds, roll backs and retries of all that is held.",
    )


def get_operation() -> describing.Decorate:
    return describing.reading(
        "getOperation",
        "Get an operation",
        shapes.OperationSerializer,
        examples.OPERATION,
        _UNKNOWN_OPERATION,
    )


def cancel_operation() -> describing.Decorate:
    return describing.acting(
        "cancelOperation",
        "Cancel an operation",
        "A retry keeps what it has freed; of a rebuild nothing is left behind.",
        bodies.GivenReasonSerializer,
        {"reason": "begun by mistake"},
        {200: (shapes.OperationSerializer, examples.OPERATION)},
        _UNKNOWN_OPERATION,
        _NOT_IN_STATE,
    )


def list_audit() -> describing.Decorate:
    return describing.listing(
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
    decorate = describing.acting(
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


def _answer_of(
    action: Action,
) -> Mapping[int, tuple[describing.Shape, Mapping[str, Any]]]:
    operation = (shapes.OperationSerializer, examples.OPERATION)
    if action.begins:
        return {202: operation}
    if action.word == "cancel":
        return {200: operation}
    return {200: (shapes.WholeProjectionSerializer, examples.PROJECTION)}
