"""What the OpenAPI document says of keys, strict fields, headers and problems."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from drf_spectacular.extensions import (
    OpenApiAuthenticationExtension,
    OpenApiSerializerExtension,
    OpenApiSerializerFieldExtension,
)
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from api import codes, parsers, permissions, problems, rate_limit
from api.problems import Fault, Problem

REQUEST_ID = "01890a5d-ac96-774b-bcce-b302099a8057"  # in examples


class Failure(NamedTuple):
    """A problem that an endpoint may answer, with members beyond the usual ones."""

    status: int
    code: str
    detail: str
    members: Mapping[str, Any] = {}


def failure(problem: Problem) -> Failure:
    members = dict(problem.members)
    if problem.errors:
        members["errors"] = [each._asdict() for each in problem.errors]
    return Failure(problem.status, problem.code, problem.detail, members)


# Any endpoint behind a scope; and any that reads a body.
ALWAYS = (
    Failure(400, "bad-request", "The request is malformed."),
    Failure(401, "not-authenticated", "Authentication credentials were not provided."),
    Failure(401, "bad-credentials", "The API key is unknown, expired or revoked."),
    Failure(403, "wrong-scope", "This needs the scope orders:write."),
    Failure(403, "forbidden", "CSRF Failed: CSRF token missing."),
    Failure(406, "not-acceptable", "Could not satisfy the request Accept header."),
    failure(rate_limit.rate_limited(30_000, 60, wait_s=1)),
    Failure(500, "internal-error", problems.internal_error().detail),
    Failure(503, "database-unavailable", "The database cannot be reached. Try again."),
)


def body_failures(*, limit: int, faults: Sequence[Fault]) -> tuple[Failure, ...]:
    """Of an endpoint that reads a body of at most so many bytes."""
    return (
        Failure(400, "malformed-json", "Line 1, column 14: Expecting value."),
        Failure(400, "unreadable-body", "The body ended too early."),
        failure(parsers.too_large(limit)),
        Failure(415, "unsupported-media-type", 'Unsupported media type "text/plain".'),
        failure(problems.invalid(faults)),
    )


BODY = body_failures(
    limit=parsers.MAX_BODY_BYTES,
    faults=[
        Fault("/lines/0/quantity", "too-small", "Expected at least 1."),
        Fault("/colour", "unknown-field", "There is no such member."),
    ],
)


def responses(*failures: Failure) -> dict[tuple[int, str], OpenApiResponse]:
    """For `extend_schema`: by status, with the codes and an example of each."""
    by_status: dict[int, list[Failure]] = defaultdict(list)
    for failure in failures:
        by_status[failure.status].append(failure)
    return {
        (status, problems.MEDIA_TYPE): OpenApiResponse(
            ProblemSerializer,
            description=_description(by_status[status]),
            examples=[_example(failure) for failure in by_status[status]],
        )
        for status in sorted(by_status)
    }


def _description(failures: Sequence[Failure]) -> str:
    """Raises KeyError for a code that is not in the register."""
    known = {each.code: codes.get(each.code) for each in failures}
    return "\n".join(f"- `{name}`: {code.when}" for name, code in known.items())


def _example(failure: Failure) -> OpenApiExample:
    status, code, detail, members = failure
    problem = Problem(status=status, code=code, detail=detail)
    value = problems.body(problem, request_id=REQUEST_ID)
    return OpenApiExample(
        code,
        value={**value, **members},
        media_type=problems.MEDIA_TYPE,
        status_codes=[str(status)],
        response_only=True,
    )


class FaultSerializer(serializers.Serializer[Any]):
    pointer = serializers.CharField(help_text="JSON pointer (RFC 6901) to the fault")
    code = serializers.CharField()
    detail = serializers.CharField()


class ProblemSerializer(serializers.Serializer[Any]):
    type = serializers.CharField(help_text="URI reference that explains the code")
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    code = serializers.CharField(help_text="Stable; decide by this one")
    request_id = serializers.CharField()
    errors = FaultSerializer(many=True, required=False)  # type: ignore[assignment]


def answer_header(name: str, description: str, *statuses: int) -> OpenApiParameter:
    """A header of the answers with these statuses; of all of them without any."""
    return OpenApiParameter(
        name,
        OpenApiTypes.STR,
        OpenApiParameter.HEADER,
        description=description,
        response=list(statuses) or True,
    )


def request_header(
    name: str, description: str, pattern: str = "", *, example: str = ""
) -> OpenApiParameter:
    kind: Any = {"type": "string", "pattern": pattern} if pattern else str
    examples = [OpenApiExample("Usual", value=example)] if example else []
    return OpenApiParameter(
        name,
        kind,
        OpenApiParameter.HEADER,
        description=description,
        examples=examples,
    )


# Answers that only a caller gets who was known and counted.
COUNTED = (200, 201, 202, 304, 403, 404, 409, 412, 422, 429)
HEADERS = (
    request_header(
        "X-Request-ID",
        "Taken over into answer, log and event metadata, if it is 1 to 128 letters, "
        "digits and `._~:/+=@-`. Else one is made.",
        example=REQUEST_ID,
    ),
    request_header(
        "traceparent",
        "W3C trace context, kept in event metadata where it is well formed.",
        example="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    ),
    answer_header("X-Request-ID", "The id of this request."),
    answer_header("WWW-Authenticate", "The Bearer challenge.", 401),
    answer_header("Retry-After", "Seconds to wait before the next attempt.", 429, 503),
    answer_header(
        "RateLimit-Policy",
        "How many requests (`q`) a key may make in how many seconds (`w`): "
        '`"default";q=30000;w=60`. Absent without a limit.',
        *COUNTED,
    ),
    answer_header(
        "RateLimit",
        "How many requests are left (`r`), and after how many seconds (`t`) all are "
        'again, or, with 429, the next one: `"default";r=29999;t=1`. Absent '
        "without a limit and where nobody can count.",
        *COUNTED,
    ),
)


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "api.authentication.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        description = "A key made with `manage.py api_key create`, or in the admin."
        return {"type": "http", "scheme": "bearer", "description": description}

    def get_security_requirement(self, auto_schema: Any) -> dict[str, list[Any]]:
        scopes = permissions.required_scopes(auto_schema.view, auto_schema.method)
        return {self.name: list(scopes or ())}


class StrictFieldSchema(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    target_class = "api.fields.StrictField"
    match_subclasses = True

    def map_serializer_field(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        schema: dict[str, Any] = self.target.schema
        return schema


class StrictSerializerSchema(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]
    target_class = "api.serializers.StrictSerializer"
    match_subclasses = True

    def map_serializer(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        schema: dict[str, Any] = auto_schema._map_serializer(
            self.target, direction, bypass_extensions=True
        )
        schema.pop("description", None)  # a docstring, and perhaps an inherited one
        return {**schema, "additionalProperties": False}
