"""What the log knows of one order: as it was, and its events."""

from datetime import datetime
from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api import cursors, parameters, problems, times
from api.problems import Fault, Problem
from eventstore import store
from orders import histories, streams
from orders.web import found_order, history_schema
from projections import freshness

TEMPORAL = ("at_version", "as_of")


class OrderEvents(APIView):
    """The events of one order."""

    required_scopes: ClassVar = {"GET": ("orders:read",)}

    @history_schema.list_events()
    def get(self, request: Request, order_id: str) -> Response:
        with parameters.every_fault() as reading:
            reading(parameters.check, request, known={*parameters.PAGING, "stored"})
            stored = reading(parameters.flag, request, "stored")
            limit = reading(cursors.read_limit, request)
        after = cursors.read_place(request) or 0
        found_id = found_order.uuid(order_id)
        stands = freshness.demand_log(request)
        found = histories.events_of(found_id, after=after, limit=limit + 1)
        if not found and not store.version_of(streams.ORDER.stream(found_id)):
            raise found_order.unknown(order_id)
        shown = found[:limit]
        following = shown[-1].version if len(found) > limit else None
        return Response(
            {
                "data": [each.envelope(stored=stored) for each in shown],
                "next": following and cursors.next_after(request, following),
            },
            headers={freshness.READ_POSITION: str(stands)},
        )


def is_temporal(request: Request) -> bool:
    return any(name in request.query_params for name in TEMPORAL)


def order_as_it_was(request: Request, order_id: str) -> Response:
    """Answers `at_version` or `as_of`. Raises Problem 422 `invalid`, 404
    `unknown-order`, `unknown-version`, `not-placed-yet`.
    """
    with parameters.every_fault() as reading:
        reading(parameters.check, request, known=TEMPORAL)
        version = reading(_version, request)
        at = reading(_time, request)
    found_id = found_order.uuid(order_id)
    stands = freshness.demand_log(request)
    newest = store.version_of(streams.ORDER.stream(found_id))
    if not newest:
        raise found_order.unknown(order_id)
    if at is not None:
        order = histories.as_of(found_id, at)
        if order is None:
            raise not_placed_yet(order_id, at)
    else:
        order = histories.at_version(found_id, version) if version <= newest else None
        if order is None:
            raise unknown_version(order_id, version, newest=newest)
    return found_order.answer(request, order, stands=stands)


def unknown_version(order_id: str, version: int, *, newest: int) -> Problem:
    return Problem(
        status=404,
        code="unknown-version",
        detail=f"Order {order_id} has versions 1 to {newest}, not {version}.",
        members={"newest": newest},
    )


def not_placed_yet(order_id: str, at: datetime) -> Problem:
    return Problem(
        status=404,
        code="not-placed-yet",
        detail=f"Order {order_id} was not placed by {at.isoformat()}.",
    )


def _version(request: Request) -> int:
    """0 without one."""
    return parameters.whole_number(
        request, "at_version", default=0, lowest=1, highest=store.MAX_VERSION
    )


def _time(request: Request) -> datetime | None:
    text = request.query_params.get("as_of")
    if text is None:
        return None
    if "at_version" in request.query_params:
        told = "Either at_version or as_of, not both."
        raise problems.invalid([Fault("/as_of", "excluded", told)])
    try:
        return times.parse(text)
    except ValueError as error:
        raise problems.invalid([Fault("/as_of", "invalid", str(error))]) from error
