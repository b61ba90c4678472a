"""Orders as they were, and their events: read from the log, never from read tables."""

from datetime import datetime
from typing import Any
from uuid import UUID

from eventstore import store, time_travel
from eventstore.events import RecordedEvent
from orders import streams
from orders.domain import document
from orders.domain.order import Order


def at_version(order_id: UUID, version: int) -> dict[str, Any] | None:
    """The order as it was at a version, JSON-ready; None if it never had that one."""
    order = order_at(order_id, version)
    return _document(order, order_id) if order else None


def order_at(order_id: UUID, version: int, *, masked: bool = False) -> Order | None:
    """As `at_version`, as it is folded. masked: personal texts are ***, and no key is
    needed.
    """
    order: Order | None = time_travel.state_at(
        streams.ORDER.stream(order_id), version=version, masked=masked
    )
    return order if order and order.version == version else None


def as_of(order_id: UUID, at: datetime) -> dict[str, Any] | None:
    """The order as it was at a time, JSON-ready; None if it was not placed by then.

    Its newest version of which every event had occurred: times of events need not rise
    with their versions, and a state that the order never had is never shown.
    """
    found: Order | None = None
    for step in time_travel.replay(streams.ORDER.stream(order_id)):
        if step.event.occurred_at > at:
            break
        found = step.state
    return _document(found, order_id) if found else None


def events_of(order_id: UUID, *, after: int, limit: int) -> list[RecordedEvent]:
    """The order's events after a version, oldest first."""
    return store.read_stream(
        streams.ORDER.stream(order_id), from_version=after + 1, to_version=after + limit
    )


def newest_of(order_id: UUID, *, below: int, limit: int) -> list[RecordedEvent]:
    """The order's events before a version, newest first."""
    first = max(below - limit, 1)
    events = store.read_stream(
        streams.ORDER.stream(order_id), from_version=first, to_version=below - 1
    )
    return events[::-1]


def _document(order: Order, order_id: UUID) -> dict[str, Any]:
    return document.render(order, order_id=str(order_id))
