"""Personal texts as a reader may see them: in clear, or ***; [forgotten] either way."""

from typing import Any

from eventstore.events import RecordedEvent
from orders.domain import erasing
from orders.domain.order import Order


def text(given: str | None, *, in_clear: bool) -> str | None:
    if in_clear or given is None or given == erasing.FORGOTTEN:
        return given
    return erasing.MASK


def order(given: Order, *, in_clear: bool) -> Order:
    return given if in_clear else erasing.mask(given)


def data(event: RecordedEvent, *, in_clear: bool) -> Any:
    """The event's struct. Raises UnknownEventType, InvalidEvent, and where it is in
    clear WrongDataKey, UnreadableTexts.
    """
    return event.data if in_clear else event.masked()
