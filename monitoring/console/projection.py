"""/ops/projections/NAME/: one projection, why it stands where it stands, what to do."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from monitoring import history
from monitoring.console import batches, charting, failing, page, rebuilds
from projections import (
    checkpoints,
    dead_letters,
    errors,
    operations,
    partitions,
    registry,
    status,
)
from projections.models import AuditEntry, Operation

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
            "batches": batches.latest(name),
            **_chart(request, name),
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


def _chart(request: HttpRequest, name: str) -> dict[str, Any]:
    minutes = charting.wanted(request)
    return {
        "spans": charting.SPANS,
        "minutes": minutes,
        "steps": charting.table(charting.steps(name, minutes=minutes)),
        "marks": history.marks(name, minutes=minutes),
    }
