"""What happened to an order, newest first, as its page tells it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from eventstore.errors import EventStoreError
from eventstore.events import RecordedEvent
from orders import happenings
from orders.domain.order import Order
from orders.pages import personal

LISTED = 50  # events of a page


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """actor: who caused it, "" where nobody noted it."""

    sentence: str
    at: datetime
    actor: str
    type: str
    version: int
    position: int


def tell(
    events: Sequence[RecordedEvent], *, order: Order, in_clear: bool
) -> list[Happening]:
    """Of events of the order, in their order."""
    return [
        Happening(
            sentence=_sentence(each, order, in_clear=in_clear),
            at=each.occurred_at,
            actor=each.metadata.get("actor", ""),
            type=each.type,
            version=each.version,
            position=each.position,
        )
        for each in events
    ]


def _sentence(event: RecordedEvent, order: Order, *, in_clear: bool) -> str:
    try:
        data = personal.data(event, in_clear=in_clear)
    except EventStoreError as error:
        return f"{event.type}, which cannot be read here: {error}"
    return happenings.told_in_full(data, order=order)
