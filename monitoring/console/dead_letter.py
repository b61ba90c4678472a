"""/ops/dead-letters/ID/: one held stream: why, what waits behind it, what to do."""

from typing import Any

from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from eventstore import errors, payloads, store
from eventstore.events import RecordedEvent
from monitoring.console import page
from projections import dead_letters
from projections.errors import UnknownDeadLetter
from projections.models import Checkpoint, DeadLetter, SkippedEvent

# Of the held events so many are listed.
LISTED = 50


@page.viewers
@require_safe
def shown(request: HttpRequest, *, id: int) -> HttpResponse:
    try:
        letter = dead_letters.get(id)
    except UnknownDeadLetter:
        return page.missing(
            request,
            f"no stream is held as dead letter {id}: it was freed, or never was held",
            back="ops:dead-letters",
        )
    held, count = _held(letter)
    others = DeadLetter.objects.filter(stream=letter.stream).exclude(pk=letter.pk)
    return page.show(
        request,
        "console/dead_letter.html",
        {
            "letter": letter,
            "held": held,
            "held_count": count,
            "data": _data(held[0], request) if held else None,
            "others": others.defer("traceback"),
            "skipped": SkippedEvent.objects.filter(
                projection=letter.projection, stream=letter.stream
            ),
        },
    )


def _held(letter: DeadLetter) -> tuple[list[RecordedEvent], int]:
    """The first ones of what is held, the failing event first, and how many are."""
    found = Checkpoint.objects.filter(
        projection=letter.projection, generation=letter.generation
    ).aggregate(Max("position"))
    passed = found["position__max"] or 0
    newest = store.version_of(letter.stream)
    first = store.read_stream(
        letter.stream,
        from_version=letter.version,
        to_version=letter.version + LISTED - 1,
    )
    held = [each for each in first if each.position <= passed]
    if len(held) < LISTED:
        return held, len(held)
    return held, newest - letter.version + 1


def _data(event: RecordedEvent, request: HttpRequest) -> Any:
    try:
        return payloads.shown(event, may_see=page.may_see_payload(request))["data"]
    except errors.EventStoreError as error:
        return f"cannot be read: {error}"
