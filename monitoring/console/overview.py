"""/ops/: is anything wrong, since when, how bad; and the last half hour at a glance."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Min
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from eventstore import redis_client
from eventstore.telemetry import outcomes, presence
from monitoring import history, sentences
from monitoring.console import drawn, health, page
from monitoring.console.drawn import Line, Value
from monitoring.history import Series
from monitoring.sentences import CommandSummary, DeadLetters, Sentence, Workers
from monitoring.system import report
from projections import dead_letters, registry, status
from projections.models import AuditEntry

MINUTES = 30
# What is said of commands is of so many minutes.
LATELY = 5
ACTS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """kind: how its values are told: rate, seconds or milliseconds."""

    key: str
    title: str
    kind: str
    line: Line
    href: str


@page.viewers
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    now = status.both()
    said = _sentences(now)
    lags = history.of_all(minutes=MINUTES)
    traffic = history.of_traffic(minutes=MINUTES)
    scale = max((_most(each) for each in lags.values()), default=0.0)
    shown: dict[str, Any] = {
        "sentences": [(each, _href(each)) for each in said],
        "worst": said[0].state,
        "minutes": MINUTES,
        "interval": settings.CQRS.monitoring.metrics_interval_s,
        "measured": any(traffic.points),
        "traffic": list(_traffic(traffic)),
        "lags": [
            _lag(name, lags[name], scale=max(scale, 1.0))
            for name in registry.all()
            if name in lags
        ],
        "lag_scale": max(scale, 1.0),
        "acts": AuditEntry.objects.order_by("-at", "-pk")[:ACTS],
    }
    return page.show(request, "console/overview.html", shown)


def _sentences(now: status.Look) -> list[Sentence]:
    return sentences.all(
        projections=now.projections,
        log=now.log,
        dead_letters=_held(),
        commands=_commands(),
        sections=report.lately(),
        workers=_workers(),
    )


def _held() -> DeadLetters:
    found = dead_letters.current()
    oldest = found.aggregate(Min("first_failed_at"))["first_failed_at__min"]
    age = (timezone.now() - oldest).total_seconds() if oldest else 0.0
    return DeadLetters(streams=found.count(), oldest_seconds=age)


def _commands() -> CommandSummary:
    try:
        found = outcomes.summary(minutes=LATELY)
    except redis_client.Away:
        return CommandSummary()
    return CommandSummary(
        outcomes={name: found.of_outcome(name) for name in outcomes.ALL},
        seconds=found.seconds,
    )


def _workers() -> Workers:
    found = health.processes()
    if found is None:
        return Workers()
    alive = {
        (e.host, e.name) for e in found if e.is_alive and e.role == presence.WORKER
    }
    return Workers(alive=len(alive))


def _traffic(series: Series) -> Iterator[Chart]:
    commands, events = reverse("ops:commands"), reverse("ops:events")
    for key, title, kind, value, href in (
        ("commands", "Commands", "rate", _per_second("commands", "outcomes"), commands),
        ("queries", "Queries", "rate", _per_second("queries", "statuses"), ""),
        ("events", "Events", "rate", lambda v: v["events_per_second"], events),
        ("command-p99", "Commands, p99", "milliseconds", _p99("commands"), commands),
        ("query-p99", "Queries, p99", "milliseconds", _p99("queries"), ""),
    ):
        line = drawn.of_series(series, value)
        yield Chart(key=key, title=title, kind=kind, line=line, href=href)


def _lag(name: str, series: Series, *, scale: float) -> Chart:
    return Chart(
        key=f"lag-{name}",
        title=name,
        kind="seconds",
        line=drawn.of_series(series, drawn.LAG, top=scale),
        href=reverse("ops:projection", args=[name]),
    )


def _per_second(what: str, counts: str) -> Value:
    def value(values: dict[str, Any]) -> float | None:
        found = values[what]
        return sum(found[counts].values()) / found["seconds"] if found else None

    return value


def _p99(what: str) -> Value:
    def value(values: dict[str, Any]) -> float | None:
        return values[what]["p99_s"] if values[what] else None

    return value


def _most(series: Series) -> float:
    return max((p.values["lag_seconds"] for p in series.points if p), default=0.0)


def _href(said: Sentence) -> str:
    return reverse(said.url_name, args=said.url_args)
