"""/ops/events/POSITION/: one event, where it came from, and who has it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from eventstore import causes, errors, payloads, state_changes, store
from eventstore.causes import Causes, Node
from eventstore.events import RecordedEvent
from eventstore.search import finding
from eventstore.state_changes import Change
from monitoring.console import page
from projections import having

LAST_POSITION = 2**63 - 1  # bigint


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What an event says, as the viewer may see it.

    trouble: why its data cannot be read; then they are as they are stored, masked.
    """

    envelope: dict[str, Any]
    trouble: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upcast:
    """One step from a schema version to the next."""

    schema_version: int
    changes: list[Change]


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """An event of a tree, with what it caused."""

    node: Node
    branches: list["Branch"] = field(default_factory=list)


@page.viewers
@require_safe
def shown(request: HttpRequest, position: int) -> HttpResponse:
    event = _at(position)
    if event is None:
        return _unknown(request, position)
    may_see = page.may_see_payload(request)
    around = _around(event)
    return page.show(
        request,
        "console/event.html",
        {
            "event": event,
            "said": _said(event, may_see=may_see),
            "may_see": may_see,
            "upcasts": _upcasts(event, may_see=may_see),
            "around": around,
            "root": _nested(around.tree) if around else None,
            "in_stream": _in_stream(event),
            "in_log": _beside(position),
            "having": having.of_event(event),
        },
    )


@page.viewers
@require_safe
def as_json(request: HttpRequest, position: int) -> HttpResponse:
    """The envelope, as in the API's feed; without the permission, *** for values."""
    event = _at(position)
    if event is None:
        told = {"error": f"There is no event at position {position}."}
        return JsonResponse(told, status=404)
    said = _said(event, may_see=page.may_see_payload(request))
    shape = said.envelope | ({"unreadable": said.trouble} if said.trouble else {})
    answer = JsonResponse(shape, json_dumps_params={"indent": 2, "ensure_ascii": False})
    answer["Content-Disposition"] = f'inline; filename="event-{position}.json"'
    return answer


def _at(position: int) -> RecordedEvent | None:
    if position > LAST_POSITION:
        return None
    found = store.read_settled_from(position=position, limit=1, up_to=position)
    return found[0] if found else None


def _unknown(request: HttpRequest, position: int) -> HttpResponse:
    head = store.head()
    before, after = _beside(min(position, LAST_POSITION))
    told = {"position": position, "head": head, "before": before, "after": after}
    return page.show(request, "console/no_event.html", told, status=404, live=False)


def _said(event: RecordedEvent, *, may_see: bool) -> Said:
    try:
        return Said(envelope=payloads.shown(event, may_see=may_see))
    except Exception as error:
        # An upcaster, or a key of another master: the rest can be shown all the same.
        stored = payloads.shown(event, may_see=False, stored=True)
        return Said(envelope=stored, trouble=_told(error, may_see=may_see))


def _told(error: Exception, *, may_see: bool) -> str:
    """What an error says may quote the data."""
    name = type(error).__name__
    is_own = isinstance(error, errors.EventStoreError)
    return f"{name}: {error}" if may_see or is_own else name


def _upcasts(event: RecordedEvent, *, may_see: bool) -> list[Upcast]:
    """What each upcaster changes; [] where it is stored in the newest form."""
    try:
        steps = payloads.forms(event, may_see=may_see)
    except Exception:
        return []  # what is wrong with it is told beside its data
    return [
        Upcast(schema_version=version, changes=state_changes.difference(before, after))
        for (version, before), (_, after) in pairwise(steps)
    ]


def _around(event: RecordedEvent) -> Causes | None:
    """None where that is not found in time: the event is shown all the same."""
    try:
        return causes.around(event)
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") != finding.CANCELLED:
            raise
        return None


def _in_stream(
    event: RecordedEvent,
) -> tuple[RecordedEvent | None, RecordedEvent | None]:
    """The events before and after it in its stream."""
    around = store.read_stream(
        event.stream, from_version=event.version - 1, to_version=event.version + 1
    )
    found = {each.version: each for each in around}
    return found.get(event.version - 1), found.get(event.version + 1)


def _nested(tree: Sequence[Node]) -> Branch:
    """The tree, which comes depth first, as branches."""
    branches = [Branch(node=each) for each in tree]
    path: list[Branch] = []
    for each in branches:
        del path[each.node.depth :]
        if path:
            path[-1].branches.append(each)
        path.append(each)
    return branches[0]


def _beside(position: int) -> tuple[RecordedEvent | None, RecordedEvent | None]:
    """The events before and after a position in the log."""
    after = store.read_settled(after=position, limit=1, up_to=LAST_POSITION)
    return store.newest_settled(up_to=position - 1), next(iter(after), None)
