"""The latest batches of a projection, and how each step's share of it is drawn."""

from collections.abc import Sequence
from dataclasses import dataclass

from eventstore import redis_client
from projections import timings
from projections.timings import BatchTiming

# Of a bar that is as long as the slowest batch took; units of its drawing.
WIDTH = 100.0


@dataclass(frozen=True, slots=True)
class Bar:
    """x, width: 0 to WIDTH; kind: read, fold, write or rest (lease and commit)."""

    kind: str
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Batch:
    timing: BatchTiming
    bars: Sequence[Bar]


def latest(name: str) -> list[Batch] | None:
    """Newest first; None where Redis, which has them, is away."""
    try:
        found = timings.recent(name)
    except redis_client.Away:
        return None
    longest = max((each.total_s for each in found), default=0.0) or 1.0
    return [Batch(each, _bars(each, longest)) for each in found]


def _bars(timing: BatchTiming, longest: float) -> list[Bar]:
    steps = {"read": timing.read_s, "fold": timing.fold_s, "write": timing.write_s}
    steps["rest"] = max(timing.total_s - sum(steps.values()), 0.0)
    bars, x = [], 0.0
    for kind, seconds in steps.items():
        width = round(seconds / longest * WIDTH, 2)
        bars.append(Bar(kind, round(x, 2), width))
        x += width
    return bars
