"""Events with defaults, where a test is about the log and not about orders."""

from datetime import UTC, datetime
from uuid import UUID

from eventstore import events
from eventstore.events import NewEvent
from orders.domain.events import NoteAdded

AT = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)


def note(text: str = "a", *, event_id: UUID | None = None) -> NewEvent:
    data = NoteAdded(text=text)
    return events.new(data, occurred_at=AT, metadata={"actor": "t"}, event_id=event_id)
