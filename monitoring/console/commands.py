"""/ops/commands/: what became of commands lately; no payloads."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from eventstore import redis_client
from eventstore.telemetry import outcomes
from monitoring.console import asked, page

LIMIT = 100
# Minutes that a summary may be of.
SPANS = (5, 30, 60)
# What an outcome means, as a state's kind.
KINDS = {
    outcomes.ACCEPTED: "good",
    outcomes.REPEATED: "good",
    outcomes.REPLAYED: "good",
    outcomes.FAILED: "bad",
}


@page.viewers
@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    filters = {
        name: request.GET.get(name, "") for name in ("command", "outcome", "code")
    }
    fault, minutes = "", SPANS[0]
    try:
        minutes = _minutes(request)
        _refuse_unknown(filters["outcome"])
    except asked.Refused as error:
        fault = str(error)
    shown = {
        "filters": filters,
        "is_narrowed": any(filters.values()),
        "minutes": minutes,
        "spans": SPANS,
        "limit": LIMIT,
        "outcomes": outcomes.ALL,
        "fault": fault,
        **_found(filters, minutes=minutes),
    }
    return page.show(
        request,
        "console/commands.html",
        shown,
        status=422 if fault else 200,
        live=not fault,
    )


def _found(filters: dict[str, str], *, minutes: int) -> dict[str, object]:
    wanted = {name: value or None for name, value in filters.items()}
    try:
        summary = outcomes.summary(minutes=minutes)
        recent = outcomes.recent(limit=LIMIT, **wanted)
    except redis_client.Away:
        return {"is_away": True}
    return {
        "summary": summary,
        "counts": [(each, kind_of(each.outcome)) for each in summary.counts],
        "conflicts": sum(summary.conflicts.values()),
        "recent": [(each, kind_of(each.outcome)) for each in recent],
        "names": sorted({each.command for each in summary.counts}),
    }


def kind_of(outcome: str) -> str:
    """The kind of state that an outcome is shown as: good, careful or bad."""
    return KINDS.get(outcome, "careful")


def _minutes(request: HttpRequest) -> int:
    found = asked.whole(request, "minutes", lowest=1, highest=max(SPANS))
    return SPANS[0] if found is None else found


def _refuse_unknown(outcome: str) -> None:
    if outcome and outcome not in outcomes.ALL:
        allowed = ", ".join(outcomes.ALL)
        raise asked.Refused(
            f"No outcome is named “{outcome[:40]}”; there are {allowed}."
        )
