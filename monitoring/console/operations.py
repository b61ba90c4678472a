"""/ops/operations/: every rebuild, roll back and bulk retry, newest first."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from monitoring.console import asked, page, paging
from projections import operations
from projections.models import Operation
from projections.rebuilding import progress

# Without a change for so long somebody should look whether a worker runs. Seconds.
QUIET_S = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """percent: 0 to 100. unit: of done and total. took_s: until now, or its end.
    quiet_s: since a worker last moved it; None where nobody has to.
    """

    operation: Operation
    percent: float
    unit: str
    eta_seconds: float | None
    took_s: float
    quiet_s: float | None


@page.viewers
@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    filters: dict[str, str] = {}
    wanted: dict[str, str] = {}
    fault, found = "", None
    try:
        filters = _filters(request)
        wanted = {name: value for name, value in filters.items() if value}
        found = paging.page(request, Operation.objects.filter(**wanted))
    except asked.Refused as error:
        fault = str(error)
    return page.show(
        request,
        "console/operations.html",
        {
            "lines": [line(each) for each in found.rows] if found else [],
            "page": found,
            "fault": fault,
            "filters": filters,
            "kinds": Operation.Kind.values,
            "states": Operation.State.values,
            "is_narrowed": bool(wanted),
        },
        status=422 if fault else 200,
        live=not fault and found is not None and found.is_first,
    )


def _filters(request: HttpRequest) -> dict[str, str]:
    """Raises asked.Refused."""
    return {
        "kind": asked.word(request, "kind", known=Operation.Kind.values),
        "state": asked.word(request, "state", known=Operation.State.values),
        "projection": asked.text(request, "projection"),
    }


def line(operation: Operation) -> Line:
    ends = operation.finished_at or timezone.now()
    is_retry = operation.kind == Operation.Kind.RETRY
    age = operations.age(operation)
    waits = operation.finished_at or operation.state == Operation.State.READY
    return Line(
        operation=operation,
        percent=round(progress.ratio(operation) * 100, 1),
        unit="streams" if is_retry else "positions",
        eta_seconds=progress.eta_seconds(operation),
        took_s=(ends - operation.started_at).total_seconds(),
        quiet_s=age if age >= QUIET_S and not waits else None,
    )
