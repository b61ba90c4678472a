"""How a command view answers: once for each Idempotency-Key, or after trying only.

A view gives what decides; it may be of any command.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

import eventstore.errors
from api import idempotency, parameters, problems
from api.renderers import JSONRenderer
from eventstore import answers, tokens
from eventstore.answers import Answer
from eventstore.commands import Outcome
from projections import freshness

VALIDATE_ONLY = "validate_only"
TOKEN = "Consistency-Token"

Decide = Callable[[], Answer]
Streams = Callable[[Answer], Sequence[str]]


def command(
    request: Request,
    *,
    decide: Decide,
    preview: Callable[[], Sequence[str]],
    read_models: Sequence[str],
) -> HttpResponse:
    """What every command's view answers with; see `once`.

    preview: the types of the events that `decide` would store, for `validate_only`.
    """
    if is_trial(request):
        return trial(preview())
    return once(request, decide, read_models=read_models)


def is_trial(request: Request) -> bool:
    """Whether nothing is to be stored. Raises Problem 422 for wrong parameters.

    Unknown ones too: a misspelt validate_only must not store anything.
    """
    parameters.check(request, known={VALIDATE_ONLY})
    asked = parameters.choice(request, VALIDATE_ONLY, ("true", "false"), "false")
    return asked == "true"


def trial(types: Sequence[str]) -> HttpResponse:
    """The answer to a command that would be accepted, and would store these events."""
    return respond(answer(200, {"valid": True, "events": list(types)}))


def answer(
    status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> Answer:
    """`body` as JSON; headers beside the content type, which a replay has too."""
    named = {"Content-Type": JSONRenderer.media_type, **(headers or {})}
    return Answer(status=status, headers=named, body=JSONRenderer().render(body))


def accepted(
    outcome: Outcome,
    *,
    id: Mapping[str, Any],
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """The answer to an accepted command; id: {"order_id": …}, what names its stream."""
    named = {"ETag": f'"{outcome.version}"', TOKEN: outcome.consistency_token}
    return answer(status, body_of(outcome, id=id), {**named, **(headers or {})})


def body_of(outcome: Outcome, *, id: Mapping[str, Any]) -> dict[str, Any]:
    """What the answer to an accepted command says."""
    return {
        **id,
        "version": outcome.version,
        "position": outcome.position,
        "events": [
            {
                "event_id": event.event_id,
                "type": event.type,
                "version": event.version,
                "position": event.position,
            }
            for event in outcome.events
        ],
        "consistency_token": outcome.consistency_token,
    }


def stream_of(told: Answer) -> list[str]:
    """The stream that a command's answer is about; [] where nothing was stored."""
    try:
        return [tokens.parse(told.headers[TOKEN]).stream]
    except (KeyError, eventstore.errors.BadToken):
        return []  # of a refusal; or SECRET_KEY has changed since


def once(
    request: Request,
    decide: Decide,
    *,
    read_models: Sequence[str],
    streams: Streams = stream_of,
) -> HttpResponse:
    """What `decide` answers, or what it answered to the first request with the key.

    `decide` raises a Problem where it refuses. When all is committed, `Prefer: wait=N`
    waits until the read models have what was written to `streams`. Raises what
    `decide` raises, and Problem 400 `bad-idempotency-key`, 409
    `idempotency-in-progress`, 422 `idempotency-key-reused`.
    """
    key = idempotency.key_of(request)
    told = decide() if key is None else _once(request, key, decide)
    headers = {idempotency.REPLAYED: "true"} if told.replayed else {}
    return respond(told, {**headers, **_waited(request, told, read_models, streams)})


def _once(request: Request, key: str, decide: Decide) -> Answer:
    named = answers.Request(
        client=idempotency.client_of(request),
        key=key,
        hash=idempotency.hash_of(request),
    )
    try:
        return answers.once(named, decide=lambda: _decision(request, decide))
    except eventstore.errors.KeyReused as error:
        raise idempotency.reused() from error
    except eventstore.errors.KeyInProgress as error:
        raise idempotency.in_progress() from error


def _decision(request: Request, decide: Decide) -> Answer:
    """A refusal that stands for good is an answer too; any other is raised."""
    try:
        return decide()
    except problems.Problem as problem:
        if not idempotency.is_decision(problem):
            raise
        said = problems.respond(problem, request)
        headers = dict(said.items())
        return Answer(status=said.status_code, headers=headers, body=said.content)


def _waited(
    request: Request, told: Answer, read_models: Sequence[str], streams: Streams
) -> dict[str, str]:
    if not (written := streams(told)):
        return {}
    token = told.headers[TOKEN]
    return freshness.applied(request, read_models, token=token, streams=written)


def respond(told: Answer, headers: Mapping[str, str] | None = None) -> HttpResponse:
    return HttpResponse(
        told.body, status=told.status, headers={**told.headers, **(headers or {})}
    )
