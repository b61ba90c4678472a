"""The OpenAPI description of the command endpoints, made from the table of commands."""

from typing import Any, TypeVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiResponse,
    PolymorphicProxySerializer,
    extend_schema,
    extend_schema_view,
)
from rest_framework import serializers

from api import idempotency, openapi
from eventstore.errors import VersionConflict, VersionMismatch
from eventstore.telemetry import outcomes
from orders.domain.errors import UnknownOrder
from orders.web import refusals
from orders.web.command_routes import Route
from orders.web.commands import CommandView
from projections import freshness
from projections.web import answering, asking
from projections.web import refusals as log_refusals

View = TypeVar("View", bound=CommandView)

ORDER_ID = "018f7a5e-7c3b-7d64-9c55-3a1c9f3a2f10"


class StoredEventSerializer(serializers.Serializer[Any]):
    event_id = serializers.UUIDField()
    type = serializers.CharField()
    version = serializers.IntegerField(min_value=1)
    position = serializers.IntegerField(min_value=1)


class CommandAnswerSerializer(serializers.Serializer[Any]):
    order_id = serializers.UUIDField()
    version = serializers.IntegerField(min_value=1, help_text="of the order now")
    position = serializers.IntegerField(min_value=1, help_text="of the last event")
    events = StoredEventSerializer(many=True)
    consistency_token = serializers.CharField(
        help_text="a query that carries it includes this write"
    )


class TrialAnswerSerializer(serializers.Serializer[Any]):
    valid = serializers.ChoiceField([True])
    events = serializers.ListField(
        child=serializers.CharField(), help_text="types that would be stored"
    )


STREAM = f"order-{ORDER_ID}"
PROBLEMS = (
    asking.bad_if_match(),
    idempotency.bad_key(),
    idempotency.in_progress(),
    idempotency.reused(),
    log_refusals.from_mismatch(VersionMismatch(stream=STREAM, expected=3, actual=4)),
    log_refusals.from_conflict(VersionConflict(stream=STREAM, attempts=4)),
)
# Of one order and of many.
SHARED = (
    *openapi.HEADERS,
    OpenApiParameter(
        answering.VALIDATE_ONLY,
        {"type": "string", "enum": ["true", "false"], "default": "false"},
        description="`true`: answer 200 with the types of the events that the command "
        "would store, or its refusal. Nothing is stored, and no key is used.",
    ),
    openapi.request_header(
        idempotency.HEADER,
        "Makes it safe to send a request again: the first answer, with its status and "
        "its body, comes again as long as it is kept. It is the caller's own; the same "
        "key with another body or URL is refused. What is kept are answers that store "
        "something, and refusals by the rules of orders (409, 422); after any other "
        "answer the same key tries again. 1 to 255 printable ASCII characters.",
        example="4c6f1f6e-0a43-4d6c-9d0b-0d9d8f6f4a55",
    ),
    openapi.answer_header(
        idempotency.REPLAYED,
        "`true`, if an earlier request with the key was answered so; absent otherwise. "
        "The `request_id` of a problem is then that of the earlier request.",
        200,
        201,
        409,
        422,
    ),
    openapi.request_header(
        "Prefer",
        "`wait=N`: answer when the order can be read as it is then, in lists and "
        f"whole, or after N seconds, at most {freshness.LONGEST_WAIT_S}; at once where "
        "too many wait already. The command is carried out in any case.",
        example="wait=1",
    ),
    openapi.answer_header(
        freshness.PREFERENCE_APPLIED,
        "`wait=N`, if the order can be read as it is now; absent otherwise.",
        200,
        201,
    ),
)
PARAMETERS = (
    *SHARED,
    openapi.request_header(
        "If-Match",
        'The version that the caller last saw, as its ETag: `"3"`.',
        '^"[1-9][0-9]{0,17}"$',
        example='"1"',
    ),
    openapi.answer_header("ETag", 'The version of the order: `"3"`.', 200, 201, 412),
    openapi.answer_header("Consistency-Token", "As in the body.", 200, 201),
)
LOCATION = openapi.answer_header("Location", "Where the order can be read.", 201)
PATH = OpenApiParameter("order_id", OpenApiTypes.UUID, OpenApiParameter.PATH)


def describe(route: Route[Any], view: type[View]) -> type[View]:
    """A view of its own for the route, with its description."""
    placing = not route.word
    refused = [*([] if placing else [UnknownOrder()]), *route.refusals]
    named = {
        "route": route,
        "command_word": outcomes.name_of(route.command),
        "__module__": view.__module__,
    }
    described = type(f"{route.command.__name__}View", (view,), named)
    operation = extend_schema(
        operation_id=route.command.__name__[0].lower() + route.command.__name__[1:],
        summary=route.summary,
        description=f"Stores `{route.event_type}`.",
        tags=["commands"],
        parameters=[*PARAMETERS, LOCATION if placing else PATH],
        request=route.serializer,
        examples=[_body_example(route)],
        responses={
            **_accepted(route),
            **openapi.responses(
                *openapi.ALWAYS,
                *openapi.BODY,
                *map(openapi.failure, PROBLEMS),
                *map(openapi.failure, map(refusals.from_domain, refused)),
            ),
        },
    )
    annotated: type[View] = extend_schema_view(post=operation)(described)
    return annotated


def _body_example(route: Route[Any]) -> OpenApiExample:
    return OpenApiExample(route.summary, value=dict(route.example), request_only=True)


def _accepted(route: Route[Any]) -> dict[int, OpenApiResponse]:
    """Answers by status; a trial is 200 always, what is placed is 201."""
    trial = _trial_example(route)
    if not route.word:
        stored = [_stored_example(route, version=1)]
        tried = OpenApiResponse(
            TrialAnswerSerializer, description="Would be stored.", examples=[trial]
        )
        placed = OpenApiResponse(
            CommandAnswerSerializer, description="Stored.", examples=stored
        )
        return {200: tried, 201: placed}
    either = PolymorphicProxySerializer(
        component_name="CommandOrTrialAnswer",
        serializers=[CommandAnswerSerializer, TrialAnswerSerializer],
        resource_type_field_name=None,
    )
    examples = [_stored_example(route, version=4), trial]
    description = "Stored; with `validate_only=true`: would be stored."
    return {200: OpenApiResponse(either, description=description, examples=examples)}


def _trial_example(route: Route[Any]) -> OpenApiExample:
    return OpenApiExample(
        "Tried",
        value={"valid": True, "events": [route.event_type]},
        response_only=True,
        status_codes=["200"],
    )


def stored_value(route: Route[Any], *, version: int) -> dict[str, Any]:
    """An answer as an example."""
    event = {
        "event_id": "018f7a5e-7c3b-7d64-9c55-3a1c9f3a2f11",
        "type": route.event_type,
        "version": version,
        "position": 1815,
    }
    return {
        "order_id": ORDER_ID,
        "version": version,
        "position": 1815,
        "events": [event],
        "consistency_token": "WzEsIm9yZGVyLTAxOGY3YTVlIiwxLDE4MTVd:1vN2Qx:AbC",
    }


def _stored_example(route: Route[Any], *, version: int) -> OpenApiExample:
    value = stored_value(route, version=version)
    return OpenApiExample("Stored", value=value, response_only=True)
