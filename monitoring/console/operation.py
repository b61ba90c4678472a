"""/ops/operations/ID/: one operation, what it found, and what may be done with it."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from monitoring.console import operations, page, rebuilds
from projections import checkpoints, errors
from projections import operations as found_operations
from projections.models import AuditEntry, Checkpoint, Operation

ENTRIES = 50


@page.viewers
@require_safe
def shown(request: HttpRequest, *, id: int) -> HttpResponse:
    try:
        operation = found_operations.get(id)
    except errors.UnknownOperation as error:
        return page.missing(request, str(error), back="ops:operations")
    of_rows = operation.kind != Operation.Kind.RETRY
    newest = found_operations.newest(operation.projection) if of_rows else None
    is_newest = newest is not None and newest.pk == operation.pk
    kept = checkpoints.of(operation.projection, Checkpoint.Role.KEPT)
    entries = AuditEntry.objects.filter(operation=operation.pk).order_by("-pk")
    return page.show(
        request,
        "console/operation.html",
        {
            "line": operations.line(operation),
            "operation": operation,
            "differences": rebuilds.compared(operation),
            "entries": entries[:ENTRIES],
            "is_ready": operation.state == Operation.State.READY,
            "is_under_way": operation.finished_at is None,
            "may_roll_back": is_newest and bool(kept) and bool(operation.finished_at),
            "may_cancel": request.user.has_perm(
                "projections.swap" if of_rows else "projections.retry"
            ),
            "result": {
                name: value
                for name, value in operation.result.items()
                if name != "comparison"
            },
        },
        live=operation.finished_at is None,
    )
