"""POST /api/v1/commands/orders and …/orders/{order_id}/{word}."""

import re
from typing import Any, ClassVar
from uuid import UUID

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

import eventstore.errors
from api import authentication, fields, request_id
from api.problems import Problem
from eventstore.commands import Outcome
from orders import handling
from orders.domain.commands import ChangeOrder, PlaceOrder
from orders.domain.errors import OrderError, UnknownOrder
from orders.handling import Asked
from orders.web import refusals
from orders.web.command_routes import Route
from projections import freshness

# What `Prefer: wait=N` waits for.
READ_MODELS = ("order_summary", "order_detail")
# Versions are bigints; a strong entity tag of one, and nothing else.
_IF_MATCH = re.compile(r'"([1-9][0-9]{0,17})"')


class CommandView(APIView):
    """What commands share: their scope, and how refusals become answers."""

    required_scopes: ClassVar = {"POST": ("orders:write",)}

    def handle_exception(self, exc: Exception) -> Response:
        match exc:
            case OrderError():
                exc = refusals.from_domain(exc)
            case eventstore.errors.VersionMismatch():
                exc = refusals.from_mismatch(exc)
            case eventstore.errors.VersionConflict():
                exc = refusals.from_conflict(exc)
        return super().handle_exception(exc)


class PlaceOrderView(CommandView):
    route: ClassVar[Route[PlaceOrder]]

    def post(self, request: Request) -> Response:
        asked = _asked(request)
        command = self.route.read(request.data)
        order_id, outcome = handling.place(command, asked=asked, at=timezone.now())
        response = _answer(request, order_id, outcome, status=201)
        response["Location"] = f"/api/v1/queries/orders/{order_id}"
        return response


class ChangeOrderView(CommandView):
    route: ClassVar[Route[ChangeOrder]]

    def post(self, request: Request, order_id: str) -> Response:
        if (id := fields.parse_uuid(order_id)) is None:
            raise UnknownOrder()
        asked = _asked(request)
        command = self.route.read(request.data)
        outcome = handling.change(id, command, asked=asked, at=timezone.now())
        return _answer(request, id, outcome, status=200)


def _asked(request: Request) -> Asked:
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


def _answer(
    request: Request, order_id: UUID, outcome: Outcome, *, status: int
) -> Response:
    body: dict[str, Any] = {
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
    headers = {
        "ETag": f'"{outcome.version}"',
        "Consistency-Token": outcome.consistency_token,
        **freshness.applied(
            request,
            READ_MODELS,
            token=outcome.consistency_token,
            stream=outcome.stream,
        ),
    }
    return Response(body, status=status, headers=headers)
