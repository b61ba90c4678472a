"""POST /api/v1/commands/orders and …/orders/{order_id}/{word}."""

from typing import ClassVar
from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.views import APIView

from api import fields
from eventstore.answers import Answer
from orders import handling
from orders.domain.commands import ChangeOrder, PlaceOrder
from orders.domain.errors import UnknownOrder
from orders.web import refusals
from orders.web.command_routes import Route
from projections.web import answering, asking

# What `Prefer: wait=N` waits for.
READ_MODELS = ("order_summary", "order_detail")


class CommandView(APIView):
    """What commands share: their scope. command_word: as the log names the command."""

    command_word: ClassVar[str] = ""
    required_scopes: ClassVar = {"POST": ("orders:write",)}


class PlaceOrderView(CommandView):
    route: ClassVar[Route[PlaceOrder]]

    def post(self, request: Request) -> HttpResponse:
        context, expected = asking.context(request), asking.expected_version(request)

        @refusals.as_problems()
        def decide() -> Answer:
            command = self.route.read(request.data)
            order_id, outcome = handling.place(
                command, context=context, at=timezone.now(), expected_version=expected
            )
            location = {"Location": f"/api/v1/queries/orders/{order_id}"}
            return answering.accepted(
                outcome, id=named(order_id), status=201, headers=location
            )

        @refusals.as_problems()
        def preview() -> list[str]:
            command = self.route.read(request.data)
            return handling.try_place(
                command, at=timezone.now(), expected_version=expected
            )

        return answering.command(
            request, decide=decide, preview=preview, read_models=READ_MODELS
        )


class ChangeOrderView(CommandView):
    route: ClassVar[Route[ChangeOrder]]

    def post(self, request: Request, order_id: str) -> HttpResponse:
        if (id := fields.parse_uuid(order_id)) is None:
            raise refusals.from_domain(UnknownOrder())
        context, expected = asking.context(request), asking.expected_version(request)

        @refusals.as_problems()
        def decide() -> Answer:
            command = self.route.read(request.data)
            outcome = handling.change(
                id,
                command,
                context=context,
                at=timezone.now(),
                expected_version=expected,
            )
            return answering.accepted(outcome, id=named(id))

        @refusals.as_problems()
        def preview() -> list[str]:
            command = self.route.read(request.data)
            return handling.try_change(
                id, command, at=timezone.now(), expected_version=expected
            )

        return answering.command(
            request, decide=decide, preview=preview, read_models=READ_MODELS
        )


def named(order_id: UUID) -> dict[str, UUID]:
    """How an answer names the order."""
    return {"order_id": order_id}
