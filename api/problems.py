"""Errors as application/problem+json (RFC 9457), the only form the API has for them."""

import json
import logging
import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import django.db
import psycopg
from django.core import exceptions as django_exceptions
from django.http import Http404, HttpRequest, HttpResponse
from django.http.request import UnreadablePostError
from rest_framework import exceptions
from rest_framework.request import Request

from api import pointers, request_id

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
INVALID = "invalid"  # the code of what is listed in `errors`
TYPE_PREFIX = "/api/docs/problems#"
# More would turn a small body of nonsense into an answer of many megabytes; the largest
# order has 2,000 lines of four fields.
MAX_ERRORS = 10_000
DATABASE_RETRY_SECONDS = 2

DATABASE_AWAY = (
    django.db.OperationalError,  # also: cancelled by statement_timeout, lock_timeout
    django.db.InterfaceError,
    psycopg.OperationalError,
    psycopg.InterfaceError,
)


class Fault(NamedTuple):
    """One fault in a body or query; `pointer` is an RFC 6901 JSON pointer."""

    pointer: str
    code: str
    detail: str


class Problem(Exception):
    """An answer that is an error; views raise it. `members` extend its body."""

    def __init__(
        self,
        *,
        status: int,
        code: str,
        detail: str,
        headers: Mapping[str, str] | None = None,
        members: Mapping[str, Any] | None = None,
        errors: Sequence[Fault] = (),
    ) -> None:
        self.status = status
        self.code = code
        self.detail = detail
        self.headers = dict(headers or {})
        self.members = dict(members or {})
        self.errors = errors
        super().__init__(detail)


def body(problem: Problem, *, request_id: str) -> dict[str, Any]:
    """The members of the JSON object that tells of the problem."""
    result = {
        "type": TYPE_PREFIX + problem.code,
        "title": problem.code.replace("-", " ").capitalize(),
        "status": problem.status,
        "detail": problem.detail,
        "code": problem.code,
        "request_id": request_id,
    }
    if problem.errors:
        result["errors"] = [fault._asdict() for fault in problem.errors[:MAX_ERRORS]]
        if (left_out := len(problem.errors) - MAX_ERRORS) > 0:
            result["errors_left_out"] = left_out
    return {**result, **problem.members, **result}  # members override nothing


def respond(problem: Problem, request: HttpRequest | Request) -> HttpResponse:
    members = body(problem, request_id=request_id.of(request))
    return HttpResponse(
        json.dumps(members, default=str, ensure_ascii=False),
        status=problem.status,
        content_type=MEDIA_TYPE,
        headers=problem.headers,
    )


def exception_handler(
    exc: Exception, context: Mapping[str, Any]
) -> HttpResponse | None:
    """REST framework's hook. None: unexpected, Django logs it and calls handler500."""
    problem = from_exception(exc)
    return respond(problem, context["request"]) if problem else None


def from_exception(exc: BaseException) -> Problem | None:
    """The problem that an exception stands for; None if nobody foresaw it."""
    match exc:
        case Problem():
            return exc
        case exceptions.ValidationError():
            return invalid([Fault(*fault) for fault in pointers.flatten(exc.detail)])
        case exceptions.APIException():
            return _from_api_exception(exc)
        case Http404():
            return not_found()
        case django_exceptions.PermissionDenied():
            return Problem(status=403, code="forbidden", detail="Not allowed.")
        case django_exceptions.RequestDataTooBig():
            return Problem(status=413, code="too-large", detail=str(exc))
        case django_exceptions.SuspiciousOperation():
            return bad_request()
        case UnreadablePostError():
            detail = "The body ended too early."
            return Problem(status=400, code="unreadable-body", detail=detail)
        case _ if isinstance(exc, DATABASE_AWAY):
            return _database_away(exc)
    return None


def invalid(errors: Sequence[Fault]) -> Problem:
    detail = "1 fault." if len(errors) == 1 else f"{len(errors)} faults."
    return Problem(
        status=422, code=INVALID, detail=f"The request has {detail}", errors=errors
    )


def not_found() -> Problem:
    return Problem(status=404, code="not-found", detail="There is nothing here.")


def bad_request() -> Problem:
    detail = "The request is malformed."
    return Problem(status=400, code="bad-request", detail=detail)


def internal_error() -> Problem:
    detail = "An unexpected error; the log has it under this request_id."
    return Problem(status=500, code="internal-error", detail=detail)


def _database_away(exc: BaseException) -> Problem:
    logger.warning("database unavailable: %s", exc)
    return Problem(
        status=503,
        code="database-unavailable",
        detail="The database cannot be reached or took too long. Try again.",
        headers={"Retry-After": str(DATABASE_RETRY_SECONDS)},
    )


_CODES: dict[type[exceptions.APIException], str] = {
    exceptions.ParseError: "malformed-json",
    exceptions.NotAuthenticated: "not-authenticated",
    exceptions.AuthenticationFailed: "bad-credentials",
    exceptions.NotFound: "not-found",
    exceptions.MethodNotAllowed: "method-not-allowed",
    exceptions.NotAcceptable: "not-acceptable",
    exceptions.UnsupportedMediaType: "unsupported-media-type",
    exceptions.Throttled: "rate-limited",
}


def _from_api_exception(exc: exceptions.APIException) -> Problem:
    headers: dict[str, str] = {}
    if challenge := getattr(exc, "auth_header", None):
        if isinstance(exc, exceptions.AuthenticationFailed):
            challenge += ', error="invalid_token"'
        headers["WWW-Authenticate"] = challenge
    if (wait := getattr(exc, "wait", None)) is not None:
        headers["Retry-After"] = str(math.ceil(wait))
    code = _CODES.get(type(exc)) or str(getattr(exc.detail, "code", "error"))
    return Problem(
        status=exc.status_code,
        code="forbidden" if code == "permission_denied" else code.replace("_", "-"),
        detail=str(exc.detail),
        headers=headers,
    )
