"""/orders/ID/: one order as it is, or was at a version, and what happened to it."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from eventstore import store
from eventstore.errors import EventStoreError
from orders import histories, looking_up, queries, streams
from orders.domain.axes import Status
from orders.domain.errors import ImpossibleHistory
from orders.domain.money import ZERO
from orders.domain.order import Order
from orders.pages import freshness, happened, personal, statuses, visitors

LISTED = 50  # of lines, shipments, payments and notes, unless all are asked for
CLOSED = (Status.CANCELLED, Status.EXPIRED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """version: None for the order as it is; before: only events below this one."""

    id: UUID
    version: int | None
    before: int | None
    every: bool


@visitors.look_at_orders
@require_safe
def order(request: HttpRequest, order_id: str) -> HttpResponse:
    id = looking_up.order_id_in(order_id)
    newest = store.version_of(streams.ORDER.stream(id)) if id else 0
    if id is None or not newest:
        shown: dict[str, Any] = {"q": order_id[: looking_up.LONGEST]}
        return visitors.show(request, "orders/unknown.html", shown, status=404)
    try:
        asked = _asked(request, id)
    except ValueError:
        return _no_version(request, id, newest)
    in_clear = visitors.may_see_personal_texts(request)
    try:
        found = _found(asked, newest, masked=not in_clear)
    except (EventStoreError, ImpossibleHistory) as error:
        detail = f"Its events cannot be folded: {type(error).__name__}: {error}"
        shown = {"detail": detail}
        return visitors.show(request, "orders/failed.html", shown, status=500)
    if found is None:
        return _no_version(request, id, newest)
    as_seen = personal.order(found, in_clear=in_clear)
    shown = {
        "id": id,
        "order": as_seen,
        "in_clear": in_clear,
        **_standing(asked, found, newest),
        **_contents(as_seen, every=asked.every),
        **_happened(asked, as_seen, newest, in_clear=in_clear),
    }
    return visitors.show(request, "orders/order.html", shown)


def _found(asked: Asked, newest: int, *, masked: bool) -> Order | None:
    """From the read table; from the log where it was long ago or is not read yet.

    masked: what comes from the log is.
    """
    version = asked.version
    if version is None and (read := queries.whole(asked.id)):
        return read
    if version is not None and version > newest:
        return None
    return histories.order_at(asked.id, version or newest, masked=masked)


def _standing(asked: Asked, order: Order, newest: int) -> dict[str, Any]:
    """Which version it is, and what is missing of the order as it is now."""
    version = asked.version
    return {
        "stream": streams.ORDER.stream(asked.id),
        "newest": newest,
        "at_version": version,
        "previous": order.version - 1,
        "following": order.version + 1,
        "later": 0 if version else newest - order.version,
        "is_parked": not version and freshness.is_parked(asked.id),
    }


def _contents(order: Order, *, every: bool) -> dict[str, Any]:
    listed = None if every else LISTED
    return {
        "axes": statuses.of(order),
        "due": _due(order),
        "lines": order.lines[:listed],
        "shipments": _shipments(order)[:listed],
        "payments": order.payments[::-1][:listed],
        "refunds": order.refunds[::-1][:listed],
        "notes": order.notes[::-1][:listed],
        "has_more": not every and _longest(order) > LISTED,
    }


def _happened(
    asked: Asked, order: Order, newest: int, *, in_clear: bool
) -> dict[str, Any]:
    below = asked.before or (asked.version or newest) + 1
    events = histories.newest_of(asked.id, below=below, limit=happened.LISTED)
    first = events[-1].version if events else 1
    return {
        "happenings": happened.tell(events, order=order, in_clear=in_clear),
        "before": first if first > 1 else None,
        "is_earlier": asked.before is not None,
    }


def _shipments(order: Order) -> list[dict[str, Any]]:
    """The newest first, with what is in each."""
    names = {each.line_id: each.name for each in order.lines}
    return [
        {
            "shipment": each,
            "units": sum(part.quantity for part in each.lines),
            "parts": [
                {
                    "quantity": part.quantity,
                    "name": names.get(part.line_id, f"line {part.line_id}"),
                }
                for part in each.lines[: happened.LISTED]
            ],
        }
        for each in order.shipments[::-1]
    ]


def _due(order: Order) -> Any:
    """What is still to be paid; nothing of an order that is closed."""
    return ZERO if order.status in CLOSED else max(order.total - order.captured, ZERO)


def _longest(order: Order) -> int:
    lists = (order.lines, order.shipments, order.payments, order.refunds, order.notes)
    return max(len(each) for each in lists)


def _asked(request: HttpRequest, id: UUID) -> Asked:
    """Raises ValueError for what is no version."""
    return Asked(
        id=id,
        version=_version(request, "at_version"),
        before=_version(request, "before"),
        every="all" in request.GET,
    )


def _version(request: HttpRequest, name: str) -> int | None:
    text = request.GET.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= store.MAX_VERSION):
        raise ValueError(text)
    return int(text)


def _no_version(request: HttpRequest, id: UUID, newest: int) -> HttpResponse:
    shown = {"id": id, "newest": newest, "asked": request.GET.get("at_version", "")}
    return visitors.show(request, "orders/no_version.html", shown, status=404)
