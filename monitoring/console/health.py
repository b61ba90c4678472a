"""/ops/health/: what the system stands on, and which processes there are."""

from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from eventstore import redis_client
from eventstore.telemetry import presence
from eventstore.telemetry.presence import Process
from monitoring.console import page
from monitoring.system import findings, report
from projections import status


@page.viewers
@require_safe
def health(request: HttpRequest) -> HttpResponse:
    sections = report.lately()
    found = processes()
    return page.show(
        request,
        "console/health.html",
        {
            "sections": sections,
            "worst": findings.worst(each.state for each in sections),
            "log": status.log(),
            "processes": found,
            "alive": [each for each in found or () if each.is_alive],
            "releases": {each.release for each in found or () if each.is_alive},
        },
    )


def processes() -> Sequence[Process] | None:
    """None while Redis is away, where they tell of themselves."""
    try:
        return presence.processes()
    except redis_client.Away:
        return None
