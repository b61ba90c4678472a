"""The payload rule: who may see what an event says, in every page and export.

Without the permission the names of its fields are shown, and *** for each value.
"""

from typing import Any, Protocol

from eventstore import errors, streams
from eventstore.events import MASK, RecordedEvent
from eventstore.personal_texts import FORGOTTEN

PERMISSION = "projections.view_payload"


class Viewer(Protocol):
    """A user of Django's, signed in or not."""

    def has_perm(self, perm: str, obj: Any = None) -> bool: ...


def may_see(viewer: Viewer) -> bool:
    """Whether the payload of events, and personal texts, are shown to this user."""
    return viewer.has_perm(PERMISSION)


def shown(
    event: RecordedEvent, *, may_see: bool, stored: bool = False
) -> dict[str, Any]:
    """The event's envelope (events.RecordedEvent.envelope) as the viewer may see it.

    stored: at the schema version it is stored in. Nothing is decrypted for who may not
    see it. Raises WrongDataKey, UnreadableTexts for who may.
    """
    if may_see:
        return event.envelope(stored=stored)
    envelope = event.envelope(masked=True, stored=stored)
    return envelope | {"data": hidden(envelope["data"])}


def forms(event: RecordedEvent, *, may_see: bool) -> list[tuple[int, dict[str, Any]]]:
    """The data as stored and after each upcaster, with their schema versions.

    One alone: no upcaster was needed, or newer code stored it. Raises as `shown`.
    """
    stored = event.envelope(stored=True, masked=not may_see)["data"]
    try:
        known = streams.of(event.stream)
        found = known.upcast_steps(event.stored_type, event.schema_version, stored)
    except (errors.UnknownStreamType, errors.UnknownEventType):
        found = [(event.schema_version, stored)]
    return [(version, data if may_see else hidden(data)) for version, data in found]


def hidden(value: Any) -> Any:
    """JSON with *** for every value; names, lengths of lists and [forgotten] stay."""
    match value:
        case dict():
            return {name: hidden(each) for name, each in value.items()}
        case list() | tuple():
            return [hidden(each) for each in value]
    return value if value == FORGOTTEN else MASK
