"""POST /api/v1/commands/orders/bulk: many orders in one request, each for itself."""

import json
from collections.abc import Callable, Sequence
from typing import Any, ClassVar
from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from api import fields, problems, request_id
from api.problems import Problem
from api.serializers import StrictSerializer
from eventstore.answers import Answer
from eventstore.commands import Outcome
from eventstore.telemetry import outcomes
from orders import handling, streams
from orders.domain.commands import PlaceOrder
from orders.domain.errors import OrderError
from orders.web import command_routes, commands, refusals
from projections.web import answering, asking, noting

MAX_ORDERS = 500
MAX_BODY_BYTES = 16 * 1024 * 1024

PLACE_ORDER = outcomes.name_of(PlaceOrder)

# What an order's place in the answer says, beside its status.
Result = dict[str, Any]
Accepted = tuple[int, Result]


class OrdersField(fields.StrictField):
    """1 to MAX_ORDERS of whatever it is: what is wrong with one is its own affair."""

    schema = {
        "type": "array",
        "minItems": 1,
        "maxItems": MAX_ORDERS,
        "items": {"$ref": "#/components/schemas/PlaceOrder"},
    }
    default_error_messages = {
        "invalid_type": "Expected an array, got {kind}.",
        "too_few_items": "Expected at least one order.",
        "too_many_items": f"Expected at most {MAX_ORDERS} orders, got {{count}}.",
    }

    def to_internal_value(self, data: Any) -> list[Any]:
        if not isinstance(data, list):
            self.fail("invalid_type", kind=fields.kind_of(data))
        if not data:
            self.fail("too_few_items")
        if len(data) > MAX_ORDERS:
            self.fail("too_many_items", count=len(data))
        return data


class PlaceOrdersSerializer(StrictSerializer):
    orders = OrdersField(help_text=f"1 to {MAX_ORDERS} bodies of `placeOrder`")


_BODY = PlaceOrdersSerializer()


class PlaceOrdersView(commands.CommandView):
    """Answers 200 with the outcome of each order, once the body as a whole is read.

    One request for the rate limit, however many orders: it is counted before its body
    is read, and the body is bounded.
    """

    max_body_bytes = MAX_BODY_BYTES
    route: ClassVar = command_routes.PLACE
    command_word: ClassVar = PLACE_ORDER

    def post(self, request: Request) -> HttpResponse:
        context = asking.context(request)
        if asking.expected_version(request) is not None:
            raise no_if_match()

        def place(placings: Sequence[PlaceOrder]) -> list[Accepted | Exception]:
            found = handling.place_many(placings, context=context, at=timezone.now())
            return [
                each if isinstance(each, Exception) else (201, _accepted(*each))
                for each in found
            ]

        if answering.is_trial(request):
            return answering.respond(_answer(request, _tried))
        return answering.once(
            request,
            lambda: _answer(request, place),
            read_models=commands.READ_MODELS,
            streams=_streams,
        )


def _accepted(order_id: UUID, outcome: Outcome) -> Result:
    return answering.body_of(outcome, id=commands.named(order_id))


def no_if_match() -> Problem:
    detail = "If-Match is about one order; these are many."
    return Problem(status=400, code="bad-if-match", detail=detail)


def _tried(placings: Sequence[PlaceOrder]) -> list[Accepted | Exception]:
    found = handling.try_place_many(placings, at=timezone.now())
    return [
        each if isinstance(each, Exception) else (200, {"valid": True, "events": each})
        for each in found
    ]


def _answer(
    request: Request,
    place: Callable[[Sequence[PlaceOrder]], list[Accepted | Exception]],
) -> Answer:
    read = [_read(each) for each in _BODY.run_validation(request.data)["orders"]]
    placed = iter(place([each for each in read if isinstance(each, PlaceOrder)]))
    found = [next(placed) if isinstance(each, PlaceOrder) else each for each in read]
    if not answering.is_trial(request):
        _note_unread(request, read)
    id = request_id.of(request)
    results = [_result(each, request_id=id) for each in found]
    newest = max(results, key=lambda each: each.get("position", 0))
    token = newest.get("consistency_token")
    headers = {answering.TOKEN: token} if token else {}
    return answering.answer(200, {"results": results}, headers)


def _note_unread(request: Request, read: Sequence[PlaceOrder | Exception]) -> None:
    """The log never sees these; what it was asked, it notes itself."""
    for each in read:
        if isinstance(each, Exception):
            code = _problem(each).code
            noting.turned_away(request, command=PLACE_ORDER, code=code)


def _read(order: Any) -> PlaceOrder | Exception:
    try:
        return command_routes.PLACE.read(order)
    except (ValidationError, OrderError) as fault:
        return fault


def _result(found: Accepted | Exception, *, request_id: str) -> Result:
    if not isinstance(found, Exception):
        status, said = found
        return {"status": status, **said}
    return problems.body(_problem(found), request_id=request_id)


def _problem(found: Exception) -> Problem:
    return problems.from_exception(found) or refusals.problem_of(found)


def _streams(told: Answer) -> list[str]:
    """Of the orders that were placed; a kept answer says no more than its body."""
    results = json.loads(told.body).get("results", ())
    ids = [UUID(each["order_id"]) for each in results if each["status"] == 201]
    return [streams.ORDER.stream(id) for id in ids]
