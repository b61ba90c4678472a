"""/ops/projections/NAME/: one projection, why it stands where it stands, what to do."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from monitoring.console import failing, page, rebuilds
from projections import (
    checkpoints,
    dead_letters,
    errors,
    operations,
    partitions,
    registry,
    status,
)
from projections.models import AuditEntry, Checkpoint, Operation

LETTERS = 5
ENTRIES = 10


@page.viewers
@require_safe
def one(request: HttpRequest, *, name: str) -> HttpResponse:
    try:
        found = status.of(name)
    except errors.UnknownProjection as error:
        raise Http404(str(error)) from None
    live, kept = checkpoints.live_and_kept([name])
    live_partitions = live.get(name, [])
    return page.show(
        request,
        "console/projection.html",
        {
            "projection": found,
            "code_version": registry.get(name).version,
            "partitions": live_partitions,
            "most_partitions": partitions.MOST,
            "trouble": failing.trouble(found, live_partitions),
            "rebuild": rebuilds.panel(operations.newest(name), kept.get(name, [])),
            "fillers": _fillers(name, found),
            "letters": _letters(name),
            "operations": Operation.objects.filter(projection=name).order_by("-pk")[
                :ENTRIES
            ],
            "entries": AuditEntry.objects.filter(projection=name).order_by("-pk")[
                :ENTRIES
            ],
        },
    )


def _letters(name: str) -> Any:
    """Those held last; all of them are a page of their own."""
    found = dead_letters.current().filter(projection=name)
    return found.order_by("-last_failed_at", "pk")[:LETTERS]


def _fillers(name: str, found: status.Status) -> list[Checkpoint]:
    """The partitions of the tables that a rebuild fills, while it does."""
    if found.rebuild_progress is None:
        return []
    return checkpoints.of(name, Checkpoint.Role.SHADOW)
