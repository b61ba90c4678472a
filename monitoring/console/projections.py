"""/ops/projections/: where every projection and reactor stands, a row each."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from monitoring import history
from monitoring.console import drawn, page, sorting
from monitoring.console.drawn import Line
from monitoring.history import Series
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


MINUTES = 30
# Samples of which the newest half is compared with the half before, and how much more
# or less lag is a trend: a share, and seconds, as a lag is never quite still.
COMPARED = 12
STEEP, LEAST_S = 0.2, 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """trend: rising, falling or steady; "" where too little was sampled."""

    standing: Status
    line: Line
    trend: str


@page.viewers
@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    wanted = request.GET.getlist("state")
    found = status.all()
    shown: list[Status] = [each for each in found if not wanted or each.state in wanted]
    lags = history.of_all(minutes=MINUTES)
    return page.show(
        request,
        "console/projections.html",
        {
            "rows": [
                _row(each, lags.get(each.name))
                for each in sorting.ordered(
                    request, shown, columns=COLUMNS, default="name"
                )
            ],
            "minutes": MINUTES,
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


def _row(standing: Status, series: Series | None) -> Row:
    if series is None:
        return Row(standing=standing, line=drawn.line([], []), trend="")
    return Row(
        standing=standing,
        line=drawn.of_series(series, drawn.LAG, top=LEAST_S),
        trend=trend([drawn.LAG(each.values) for each in series.points if each]),
    )


def trend(lags: Sequence[float | None]) -> str:
    """Where the lag goes, by the newest samples: rising, falling, steady; or ""."""
    newest = [each for each in lags if each is not None][-COMPARED:]
    if len(newest) < COMPARED:
        return ""
    before, after = newest[: COMPARED // 2], newest[COMPARED // 2 :]
    change = (sum(after) - sum(before)) / len(after)
    if abs(change) < max(LEAST_S, STEEP * sum(before) / len(before)):
        return "steady"
    return "rising" if change > 0 else "falling"
