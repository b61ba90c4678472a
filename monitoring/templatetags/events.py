"""How the pages about events and streams show values, and who has what."""

import json
from datetime import timedelta
from typing import Any

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from eventstore.events import RecordedEvent
from eventstore.templatetags import shown
from monitoring.console import events
from monitoring.templatetags import console
from projections import stream_rows
from projections.stream_rows import StreamRows

register = template.Library()
# A value that is longer stands in a box of its own.
SHORT = 60  # characters of JSON
# What is stored when it happens is recorded some milliseconds later.
APART = timedelta(seconds=1)

KINDS = {
    "has": ("good", "has it"),
    "not_yet": ("moving", "not yet"),
    "held": ("bad", "held"),
    "skipped": ("careful", "skipped"),
}


@register.filter
def value(found: Any) -> SafeString | str:
    """A value of JSON or of a column: texts as they are, documents to read."""
    if isinstance(found, str):
        return found if found else SafeString("<span class='quiet'>empty</span>")
    short = json.dumps(found, ensure_ascii=False, default=str)
    if isinstance(found, dict | list) and len(short) > SHORT:
        return format_html("<pre tabindex='0'>{}</pre>", shown.pretty(found))
    return short if isinstance(found, dict | list | bool | None) else str(found)


@register.filter
def stream_kind(stream: str) -> str:
    """The name of a stream's type, whether or not anybody knows it."""
    return stream.partition("-")[0]


@register.simple_tag
def stands(rows: StreamRows) -> SafeString:
    """Up to where a projection's rows have a stream."""
    if rows.letter:
        return console.state("bad", f"held from version {rows.letter.version:,} on")
    if rows.version is None:
        most = f"{stream_rows.MOST_BEHIND:,}"
        return console.state("bad", f"behind by more than {most} versions")
    if rows.behind:
        events = "1 event" if rows.behind == 1 else f"{rows.behind:,} events"
        return console.state(
            "careful", f"at version {rows.version:,}, behind by {events}"
        )
    return console.state("good", f"at version {rows.version:,}")


@register.simple_tag
def has(state: str) -> SafeString:
    """Whether a projection has an event; projections.having says which states."""
    if state == "not_read":
        return SafeString("<span class='quiet'>does not read this type</span>")
    kind, text = KINDS[state]
    return console.state(kind, text)


@register.simple_tag
def search(name: str, found: object) -> str:
    """The URL of the search for a qualifier with a value."""
    return reverse("ops:events", query={"q": events.line(name, str(found))})


@register.filter
def apart(event: RecordedEvent) -> bool:
    """Whether an event was recorded at another time than it occurred."""
    return abs(event.recorded_at - event.occurred_at) >= APART
