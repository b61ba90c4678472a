"""/ops/projections/: where every projection and reactor stands, a row each."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from monitoring.console import page, sorting
from projections import status
from projections.reacting import standing
from projections.status import Status

COLUMNS = {
    "name": lambda each: each.name,
    "state": lambda each: each.state,
    "position": lambda each: each.position,
    "lag_events": lambda each: each.lag_events,
    "lag_seconds": lambda each: each.lag_seconds,
    "rate": lambda each: each.rate,
    "dead_letters": lambda each: each.dead_letters,
}
STATES = ("running", "catching_up", "paused", "stalled", "faulted")


@page.viewers
@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    wanted = request.GET.getlist("state")
    found = status.all()
    shown: list[Status] = [each for each in found if not wanted or each.state in wanted]
    return page.show(
        request,
        "console/projections.html",
        {
            "projections": sorting.ordered(
                request, shown, columns=COLUMNS, default="name"
            ),
            "total": len(found),
            "states": [
                (name, sum(1 for each in found if each.state == name))
                for name in STATES
            ],
            "wanted": wanted,
            "sort": request.GET.get(sorting.PARAMETER, "name"),
            "head": found[0].head if found else 0,
            "reactors": standing.all(),
        },
    )
