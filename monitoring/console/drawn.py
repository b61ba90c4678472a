"""Lines over time as points of SVG, with gaps where nothing was measured."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any

from monitoring.history import Series

# Of the drawing; it is stretched to where it stands.
WIDTH, HEIGHT = 120, 30
# Rows of the table that tells the same as a drawing.
ROWS = 15
# Of a sample's values the one that is drawn.
Value = Callable[[dict[str, Any]], float | None]
LAG: Value = itemgetter("lag_seconds")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """points: of each stretch without a gap, "x,y x,y". latest, most: values, None
    where there is none. rows: (time, value) of the table, thinned by their maximum.
    gaps: values that lack behind the first one; before it nothing ran yet.
    """

    stretches: list[str]
    latest: float | None
    most: float | None
    rows: list[tuple[datetime, float | None]]
    gaps: int


def of_series(series: Series, value: Value, *, top: float | None = None) -> Line:
    """As `line`, of samples."""
    step = timedelta(seconds=series.step_s)
    return line(
        [series.begins_at + number * step for number in range(len(series.points))],
        [None if each is None else value(each.values) for each in series.points],
        top=top,
    )


def line(
    times: Sequence[datetime],
    values: Sequence[float | None],
    *,
    top: float | None = None,
) -> Line:
    """values: one for each time. top: of the scale, the greatest value if None."""
    known = [each for each in values if each is not None]
    most = max(known, default=None)
    scale = max(top or 0.0, most or 0.0) or 1.0
    return Line(
        stretches=list(_stretches(values, scale)),
        latest=values[-1] if values else None,
        most=most,
        rows=_rows(times, values),
        gaps=_since_first(values) - len(known),
    )


def _since_first(values: Sequence[float | None]) -> int:
    first = next((n for n, each in enumerate(values) if each is not None), len(values))
    return len(values) - first


def _stretches(values: Sequence[float | None], scale: float) -> list[str]:
    step = WIDTH / max(len(values) - 1, 1)
    found: list[list[str]] = [[]]
    for place, value in enumerate(values):
        if value is None:
            found.append([])
        else:
            x, y = place * step, HEIGHT - value / scale * HEIGHT
            found[-1].append(f"{x:.1f},{y:.1f}")
    # One point has no line: it is drawn as a short one.
    return [
        " ".join(each if len(each) > 1 else [each[0], each[0]])
        for each in found
        if each
    ]


def _rows(
    times: Sequence[datetime], values: Sequence[float | None]
) -> list[tuple[datetime, float | None]]:
    size = -(-len(values) // ROWS) or 1
    rows = []
    for start in range(0, len(values), size):
        part = [each for each in values[start : start + size] if each is not None]
        rows.append((times[start], max(part, default=None)))
    return rows
