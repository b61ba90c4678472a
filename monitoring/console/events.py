"""/ops/events/: the log, newest first, and the search in it."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from eventstore import store
from eventstore.events import RecordedEvent
from eventstore.search import errors, finding, qualifiers, query
from eventstore.search.finding import Found
from eventstore.search.qualifiers import Qualifier
from monitoring.console import asked, page

QUERY = "q"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is wrong with a search, and what may stand there instead."""

    text: str
    allowed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """A qualifier with a line that finds something here; "" for none."""

    qualifier: Qualifier
    line: str


@page.viewers
@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    text = request.GET.get(QUERY, "")
    found, fault = Found(), None
    notes: tuple[str, ...] = ()
    try:
        wanted = query.parse(text, now=timezone.now())
        notes = wanted.notes
        older = asked.whole(request, "older", lowest=0, highest=finding.BEYOND)
        newer = asked.whole(request, "newer", lowest=0, highest=finding.BEYOND)
        found = finding.find(
            wanted,
            may_see_payload=page.may_see_payload(request),
            older_than=older,
            newer_than=None if older is not None else newer,
        )
    except errors.BadQuery as error:
        fault = _fault(error)
    except asked.Refused as error:
        fault = Fault(text=str(error))
    is_first = not {"older", "newer"} & request.GET.keys()
    return page.show(
        request,
        "console/events.html",
        {
            "text": text,
            "found": found,
            "notes": notes,
            "fault": fault,
            "is_first": is_first,
            "head": store.head(),
            "types": qualifiers.type_names(),
            "hints": _hints(found.events),
        },
        status=422 if fault else 200,
        # What a search has not got through would be searched again and again.
        live=is_first and not fault and not found.cut_off,
    )


def _fault(error: errors.BadQuery) -> Fault:
    text = str(error)
    is_told = all(each in text for each in error.allowed)
    return Fault(text=text, allowed=() if is_told else error.allowed)


def line(name: str, value: str) -> str:
    """A word of a search, with its value in quotation marks where it needs them."""
    if not value or any(each.isspace() or each == '"' for each in value):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        value = f'"{escaped}"'
    return f"{name}:{value}"


def _hints(events: tuple[RecordedEvent, ...]) -> list[Hint]:
    """The qualifiers, with what the newest of the events would be found by."""
    values = _values(events[0]) if events else {}
    return [
        Hint(
            qualifier=each,
            line=line(each.name, values[each.name]) if values.get(each.name) else "",
        )
        for each in qualifiers.qualifiers()
    ]


def _values(event: RecordedEvent) -> dict[str, str]:
    kind, _, id = event.stream.partition("-")
    return {
        kind: id,
        "stream": event.stream,
        "type": event.type,
        "version": str(event.version),
        "position": str(event.position),
        "id": str(event.event_id),
        "customer": event.metadata.get("customer_id", ""),
        "correlation": event.metadata.get("correlation_id", ""),
        "causation": event.metadata.get("causation_id", ""),
        "actor": event.metadata.get("actor", ""),
        "after": "2h",
        "before": str(event.position),
    }
