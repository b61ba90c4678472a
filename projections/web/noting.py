"""Notes every query, and the commands that never came to the log's pipeline."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import cast

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import ResolverMatch
from rest_framework.request import Request

from api import authentication, idempotency, problems, request_id
from eventstore.telemetry import outcomes, queries, recording
from eventstore.telemetry.outcomes import CommandOutcome
from projections.web import answering

COMMANDS = "api/v1/commands/"
QUERIES = "api/v1/queries/"


class NotingMiddleware:
    """An outer one, so that what others refuse is noted as well.

    A command that was decided is noted by the log, with its transaction. What is left
    is told by the answer: a replay, or a refusal before anything was decided. A trial
    (validate_only) is no command.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        began = time.perf_counter()
        with recording.within_request() as requested:
            response = self.get_response(request)
            seconds = time.perf_counter() - began
            match = request.resolver_match
            if match is None:
                return response
            if match.route.startswith(QUERIES) and request.method in ("GET", "HEAD"):
                status = response.status_code
                queries.note(match.url_name or "", status=status, seconds=seconds)
            elif (
                match.route.startswith(COMMANDS)
                and request.method == "POST"
                and answering.VALIDATE_ONLY not in request.GET
                and not requested.commands
            ):
                _note_command(request, response, match, seconds)
        return response


def turned_away(
    request: HttpRequest | Request, *, command: str, code: str, seconds: float = 0.0
) -> None:
    """Notes a command that was refused before it was decided."""
    _note(request, command, outcomes.TURNED_AWAY, code, seconds)


def _note_command(
    request: HttpRequest,
    response: HttpResponseBase,
    match: ResolverMatch,
    seconds: float,
) -> None:
    command = word_of(match)
    if idempotency.REPLAYED in response.headers:
        _note(request, command, outcomes.REPLAYED, "", seconds)
    elif response.status_code >= 500:
        _note(request, command, outcomes.FAILED, _code_of(response), seconds)
    elif response.status_code >= 400:
        code = _code_of(response)
        turned_away(request, command=command, code=code, seconds=seconds)


def word_of(match: ResolverMatch) -> str:
    """The command's name, as the log notes it; else that of the URL."""
    view = getattr(match.func, "cls", None)
    word: str = getattr(view, "command_word", "") or match.url_name or ""
    return word


def _note(
    request: HttpRequest | Request,
    command: str,
    outcome: str,
    code: str,
    seconds: float,
) -> None:
    id = request_id.of(request)
    recording.of_request(
        CommandOutcome(
            at=datetime.now(UTC),
            command=command,
            outcome=outcome,
            code=code,
            attempts=0,
            seconds=round(seconds, 6),
            actor=_actor(request),
            source="api",
            request_id=id,
            correlation_id=id,
        )
    )


def _actor(request: HttpRequest | Request) -> str:
    """Who asked; "" before that was known."""
    if not hasattr(request, "auth"):  # the REST framework did not come to it
        return ""
    asked = cast(Request, request)
    return authentication.actor(asked) if authentication.caller(asked) else ""


def _code_of(response: HttpResponseBase) -> str:
    """The code of a problem; else the number of the status."""
    if isinstance(response, HttpResponse) and response.headers.get(
        "Content-Type", ""
    ).startswith(problems.MEDIA_TYPE):
        return str(json.loads(response.content).get("code", ""))
    return str(response.status_code)
