"""The chart of one projection: its position, the head and its lag, from samples.

/ops/projections/NAME/chart/?minutes=: JSON for static/console/charts.js; the page has
the same as a table.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from eventstore.templatetags import shown
from monitoring import history
from monitoring.console import page
from monitoring.history import Mark, Point, Series
from projections import errors, registry

SPANS = {30: "30 min", 360: "6 h", 1440: "24 h"}
ROWS = 30  # of the table: more nobody reads


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A step of the chart; values None where no sample was taken."""

    at: datetime
    position: int | None
    head: int | None
    lag_seconds: float | None


@page.viewers
@require_safe
def of_projection(request: HttpRequest, *, name: str) -> HttpResponse:
    try:
        registry.get(name)
    except errors.UnknownProjection as error:
        raise Http404(str(error)) from None
    minutes = wanted(request)
    rows, marks = steps(name, minutes=minutes), history.marks(name, minutes=minutes)
    return _answer(request, json.dumps(_drawn(rows, marks)))


def wanted(request: HttpRequest) -> int:
    """Minutes that the chart goes back: one of SPANS, 30 for anything else."""
    asked = request.GET.get("minutes", "")
    return int(asked) if asked in map(str, SPANS) else 30


def steps(name: str, *, minutes: int) -> list[Row]:
    """Oldest first."""
    own, log = (
        history.of_projection(name, minutes=minutes),
        history.of_traffic(minutes=minutes),
    )
    heads = _by_step(log)
    return [
        Row(
            at=datetime.fromtimestamp(step, tz=own.begins_at.tzinfo),
            position=_value(point, "position"),
            head=_value(heads.get(step), "head"),
            lag_seconds=_value(point, "lag_seconds"),
        )
        for step, point in _by_step(own).items()
    ]


def table(rows: Sequence[Row]) -> list[Row]:
    """At most ROWS of them, evenly spaced, newest first: those with a sample."""
    known = [each for each in rows if each.position is not None]
    every = -(-len(known) // ROWS) or 1
    return known[::-1][::every]


def _by_step(series: Series) -> dict[int, Point | None]:
    first = int(series.begins_at.timestamp())
    return {
        first + place * series.step_s: point
        for place, point in enumerate(series.points)
    }


def _value(point: Point | None, name: str) -> Any:
    return point.values.get(name) if point else None


def _drawn(rows: Sequence[Row], marks: Sequence[Mark]) -> dict[str, Any]:
    return {
        "times": [int(each.at.timestamp()) for each in rows],
        "lines": [
            _line("Position", "position", [each.position for each in rows]),
            _line("Head", "position", [each.head for each in rows]),
            _line("Lag", "s", [each.lag_seconds for each in rows]),
        ],
        "marks": [
            {
                "at": each.at.timestamp(),
                "kind": each.kind,
                "text": shown.words(each.kind),
            }
            for each in marks
        ],
    }


def _line(name: str, unit: str, values: list[Any]) -> dict[str, Any]:
    return {"name": name, "unit": unit, "values": values}


def _answer(request: HttpRequest, text: str) -> HttpResponse:
    tag = f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'
    if request.headers.get("If-None-Match") == tag:
        answer = HttpResponse(status=304)
    else:
        answer = HttpResponse(text, content_type="application/json")
    answer["ETag"] = tag
    return answer
