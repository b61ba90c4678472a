"""/ops/streams/STREAM/: a stream at any version, and what read tables say of it."""

from dataclasses import dataclass, field
from typing import Any

import msgspec
from django.contrib.admin.utils import quote
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_safe

from eventstore import (
    errors,
    state_changes,
    store,
    stream_versions,
    streams,
    time_travel,
)
from eventstore.streams import StreamType
from monitoring.console import asked, page
from projections import stream_rows

COMMANDS_OF = 50  # versions whose commands a page lists
MOST_CHANGES = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """version: whose state is shown; start, end: of the difference, 0 for nothing."""

    version: int
    start: int
    end: int
    before: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """state: JSON; None where there is none, then `trouble` may say why.

    reached: the version up to which events could be folded.
    """

    state: Any = None
    changes: list[state_changes.Change] = field(default_factory=list)
    more_changes: int = 0
    trouble: str = ""
    reached: int = 0


@page.viewers
@require_safe
def shown(request: HttpRequest, stream: str) -> HttpResponse:
    if "slide" in request.GET:
        return _slid(request)
    newest = store.version_of(stream)
    if not newest:
        return page.show(
            request,
            "console/no_stream.html",
            {"stream": stream},
            status=404,
            live=False,
        )
    refused, status = "", 200
    try:
        wanted = _wanted(request, newest)
    except asked.Refused as error:
        refused, status = str(error), 422
        wanted = Wanted(version=newest, start=newest - 1, end=newest, before=None)
    stream_type = _type(stream)
    may_see = page.may_see_payload(request)
    versions = stream_versions.page(stream, before=wanted.before, limit=COMMANDS_OF)
    return page.show(
        request,
        "console/stream.html",
        {
            "tab": "ops:events",
            "stream": stream,
            "stream_type": stream_type,
            "known_types": [each.name for each in streams.registered()],
            "administration": reverse(
                "admin:eventstore_stream_change", args=[quote(stream)]
            ),
            "about": _page_of(stream, stream_type),
            "newest": newest,
            "wanted": wanted,
            "refused": refused,
            "may_see": may_see,
            "folded": _folded(stream, wanted, masked=not may_see)
            if stream_type
            else None,
            "versions": versions,
            "commands": stream_versions.commands_behind(versions.events),
            "tables": stream_rows.of_stream(stream, may_see=may_see),
        },
        status=status,
        live=False,
    )


def _slid(request: HttpRequest) -> HttpResponse:
    """Without a script both slider and number are sent: the one moved counts."""
    query = request.GET.copy()
    (slide,), (was,) = query.pop("slide")[:1], query.pop("was", [""])[:1]
    if slide != was:
        query["version"] = slide
    return HttpResponseRedirect(f"{request.path}?{query.urlencode()}")


def _wanted(request: HttpRequest, newest: int) -> Wanted:
    version = asked.whole(request, "version", lowest=1, highest=newest) or newest
    start = asked.whole(request, "from", lowest=0, highest=newest)
    end = asked.whole(request, "to", lowest=0, highest=newest)
    end = version if end is None else end
    return Wanted(
        version=version,
        start=max(end - 1, 0) if start is None else start,
        end=end,
        before=asked.whole(request, "before", lowest=1, highest=store.MAX_VERSION),
    )


def _type(stream: str) -> StreamType | None:
    try:
        return streams.of(stream)
    except errors.UnknownStreamType:
        return None


def _page_of(stream: str, stream_type: StreamType | None) -> str:
    """The URL of the page that people have about it; "" for none."""
    if stream_type is None or not stream_type.page:
        return ""
    id = stream.removeprefix(stream_type.stream(""))
    try:
        return reverse(stream_type.page, args=[id])
    except NoReverseMatch:
        return ""  # an id that the page does not take


def _folded(stream: str, wanted: Wanted, *, masked: bool) -> Folded:
    versions = {wanted.version, wanted.start, wanted.end}
    try:
        found = time_travel.states(stream, versions=versions, masked=masked)
    except Exception as error:
        # Whatever the domain finds wrong with its events, the page has to show them.
        return _as_far_as_possible(stream, wanted, error, masked=masked)
    states = {each: _json(found[each].state) for each in found}
    changes = state_changes.difference(states.get(wanted.start), states.get(wanted.end))
    return Folded(
        state=states[wanted.version],
        changes=changes[:MOST_CHANGES],
        more_changes=max(len(changes) - MOST_CHANGES, 0),
        reached=wanted.version,
    )


def _as_far_as_possible(
    stream: str, wanted: Wanted, error: Exception, *, masked: bool
) -> Folded:
    """The state before the event that cannot be folded."""
    last, reached = None, 0
    try:
        for step in time_travel.replay(
            stream, to_version=wanted.version, masked=masked
        ):
            last, reached = step.state, step.event.version
    except Exception as met:
        error = met
    # What an error says may quote the event.
    told = type(error).__name__ if masked else f"{type(error).__name__}: {error}"
    return Folded(state=_json(last), trouble=told, reached=reached)


def _json(state: Any) -> Any:
    """A state as JSON has it: lists, and decimals as texts."""
    return msgspec.json.decode(msgspec.json.encode(state))
