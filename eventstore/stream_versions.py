"""The versions of a stream, a page at a time, and the commands behind them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from eventstore import store
from eventstore.events import RecordedEvent

PAGE = 100  # versions


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandBehind:
    """A command and its events in one stream, oldest first.

    command_id: "" where the events name none, as imported ones may; each is then alone.
    """

    command_id: str
    actor: str
    source: str
    request_id: str
    correlation_id: str
    causation_id: str
    occurred_at: datetime
    events: tuple[RecordedEvent, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionsPage:
    """Events newest first. newest: the stream's version, 0 if there is no such stream.

    older: pass it as `before` for the next page; newer: for the page before this one;
    None where there is none.
    """

    events: tuple[RecordedEvent, ...]
    newest: int
    older: int | None
    newer: int | None


def page(stream: str, *, before: int | None = None, limit: int = PAGE) -> VersionsPage:
    """At most `limit` versions below `before`, from the newest one on."""
    newest = store.version_of(stream)
    top = newest if before is None else min(max(before - 1, 0), newest)
    bottom = max(top - limit, 0)  # of the page after this one
    events = store.read_stream(stream, from_version=bottom + 1, to_version=top)
    return VersionsPage(
        events=tuple(reversed(events)),
        newest=newest,
        older=bottom + 1 if bottom else None,
        newer=min(top + limit, newest) + 1 if top < newest else None,
    )


def commands_behind(events: Sequence[RecordedEvent]) -> list[CommandBehind]:
    """The commands of neighbouring events of one stream, in the order of the events.

    Of one that begins or ends outside only these events.
    """
    return [
        _command(list(group))
        for _, group in groupby(
            events,
            key=lambda each: each.metadata.get("command_id") or f"@{each.position}",
        )
    ]


def _command(events: list[RecordedEvent]) -> CommandBehind:
    events.sort(key=lambda each: each.version)
    first = events[0]
    said = first.metadata.get
    return CommandBehind(
        command_id=said("command_id", ""),
        actor=said("actor", ""),
        source=said("source", ""),
        request_id=said("request_id", ""),
        correlation_id=said("correlation_id", ""),
        causation_id=said("causation_id", ""),
        occurred_at=first.occurred_at,
        events=tuple(events),
    )
