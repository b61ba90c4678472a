"""POST /api/v1/commands/orders and …/orders/{order_id}/{word}."""

import re
from collections.abc import Callable, Mapping
from typing import Any, ClassVar
from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.views import APIView

from api import authentication, fields, request_id
from api.problems import Problem
from eventstore.answers import Answer
from eventstore.commands import Outcome
from orders import handling
from orders.domain.commands import ChangeOrder, PlaceOrder
from orders.domain.errors import UnknownOrder
from orders.handling import Asked
from orders.web import answering, refusals
from orders.web.command_routes import Route

# What `Prefer: wait=N` waits for.
READ_MODELS = ("order_summary", "order_detail")
# Versions are bigints; a strong entity tag of one, and nothing else.
_IF_MATCH = re.compile(r'"([1-9][0-9]{0,17})"')


class CommandView(APIView):
    """What commands share: their scope, and the ways to answer."""

    required_scopes: ClassVar = {"POST": ("orders:write",)}

    def answer(
        self,
        request: Request,
        *,
        decide: Callable[[], Answer],
        preview: Callable[[], list[str]],
    ) -> HttpResponse:
        """`preview` has the types of the events that `decide` would store."""
        if answering.is_trial(request):
            return answering.trial(preview())
        return answering.once(request, decide, read_models=READ_MODELS)


class PlaceOrderView(CommandView):
    route: ClassVar[Route[PlaceOrder]]

    def post(self, request: Request) -> HttpResponse:
        asked = asked_by(request)

        @refusals.as_problems()
        def decide() -> Answer:
            command = self.route.read(request.data)
            order_id, outcome = handling.place(command, asked=asked, at=timezone.now())
            location = {"Location": f"/api/v1/queries/orders/{order_id}"}
            return _answer(order_id, outcome, status=201, headers=location)

        @refusals.as_problems()
        def preview() -> list[str]:
            command = self.route.read(request.data)
            return handling.try_place(command, asked=asked, at=timezone.now())

        return self.answer(request, decide=decide, preview=preview)


class ChangeOrderView(CommandView):
    route: ClassVar[Route[ChangeOrder]]

    def post(self, request: Request, order_id: str) -> HttpResponse:
        if (id := fields.parse_uuid(order_id)) is None:
            raise refusals.from_domain(UnknownOrder())
        asked = asked_by(request)

        @refusals.as_problems()
        def decide() -> Answer:
            command = self.route.read(request.data)
            outcome = handling.change(id, command, asked=asked, at=timezone.now())
            return _answer(id, outcome, status=200)

        @refusals.as_problems()
        def preview() -> list[str]:
            command = self.route.read(request.data)
            return handling.try_change(id, command, asked=asked, at=timezone.now())

        return self.answer(request, decide=decide, preview=preview)


def asked_by(request: Request) -> Asked:
    """Who asks for what. Raises Problem 400 `bad-if-match`."""
    return Asked(
        actor=authentication.actor(request),
        source="api",
        request_id=request_id.of(request),
        traceparent=request_id.traceparent_of(request),
        expected_version=_expected_version(request),
    )


def _expected_version(request: Request) -> int | None:
    header = request.headers.get("If-Match")
    if header is None:
        return None
    if match := _IF_MATCH.fullmatch(header):
        return int(match[1])
    raise bad_if_match()


def bad_if_match() -> Problem:
    detail = 'If-Match takes the ETag of one version, such as "3" with its quotes.'
    return Problem(status=400, code="bad-if-match", detail=detail)


def body_of(order_id: UUID, outcome: Outcome) -> dict[str, Any]:
    """What the answer to an accepted command says."""
    return {
        "order_id": order_id,
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


def _answer(
    order_id: UUID,
    outcome: Outcome,
    *,
    status: int,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    named = {
        "ETag": f'"{outcome.version}"',
        answering.TOKEN: outcome.consistency_token,
        **(headers or {}),
    }
    return answering.answer(status, body_of(order_id, outcome), named)
