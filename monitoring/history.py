"""Series for charts, from samples; where no sample was taken there is a gap."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from django.conf import settings
from django.db import connections
from django.utils import timezone

from projections.models import AuditEntry

MOST_POINTS = 360
OF_ALL = """
SELECT at, ((data -> 'projections') || (data -> 'reactors'))::text
FROM monitoring_sample
WHERE at >= %(since)s
ORDER BY at
"""
# A sample has all projections: only the one that is asked for leaves the database.
OF_ONE = """
SELECT at, jsonb_build_object(%(name)s::text, standing)::text
FROM (
    SELECT at, coalesce(
        data #> ARRAY['projections', %(name)s], data #> ARRAY['reactors', %(name)s]
    ) AS standing
    FROM monitoring_sample
    WHERE at >= %(since)s
    OFFSET 0
) samples
WHERE standing IS NOT NULL
ORDER BY at
"""
# Of each point's samples the newest, found before any is unpacked.
OF_TRAFFIC = """
SELECT s.at, jsonb_build_object('', s.data - 'projections' - 'reactors')::text
FROM monitoring_sample s
JOIN (
    SELECT max(at) AS at
    FROM monitoring_sample
    WHERE at >= %(since)s
    GROUP BY floor(extract(epoch FROM at) / %(step)s)
) newest USING (at)
"""
# From the sample before the window on, which has the release that stood at its begin.
RELEASES = """
SELECT data ->> 'release', min(at)
FROM monitoring_sample
WHERE at >= coalesce(
    (SELECT max(at) FROM monitoring_sample WHERE at < %(since)s), '-infinity'
)
GROUP BY 1
ORDER BY 2
"""
# Kinds of marks by what the audit log says, action and outcome. A rebuild is one when
# it is asked for; when it ends well its tables go live, which is the swap, whether or
# not somebody had to review it.
MARKED = {
    ("pause", "done"): "pause",
    ("resume", "done"): "resume",
    ("start", "done"): "start",
    ("repartition", "done"): "repartition",
    ("rebuild", "started"): "rebuild",
    ("rebuild", "finished"): "swap",
    ("rollback", "finished"): "rollback",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """values: as sampling.py stores them."""

    at: datetime
    values: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A point for each step of `step_s` seconds, oldest first; None: a gap.

    begins_at: of the first step.
    """

    name: str
    begins_at: datetime
    step_s: int
    points: list[Point | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """kind: deploy, pause, resume, start, repartition, rebuild, swap or rollback.

    label: the release, or how it went; actor: "" of a deploy.
    """

    at: datetime
    kind: str
    label: str
    actor: str = ""


def of_projection(name: str, *, minutes: int) -> Series:
    """Of one projection or reactor: position, lag and the like (sampling.SHOWN).

    A step is a slot of the samples, or several where there would be more than 360
    points; then a point is the sample with the greatest lag.
    """
    window = _Window.of(minutes)
    return window.series(name, window.worst(OF_ONE, name).get(name, {}))


def of_all(*, minutes: int) -> dict[str, Series]:
    """As `of_projection`, of all that were sampled, by name."""
    window = _Window.of(minutes)
    found = window.worst(OF_ALL)
    return {name: window.series(name, points) for name, points in found.items()}


def of_traffic(*, minutes: int) -> Series:
    """Head, settled, events_per_second, commands, queries and release.

    Where a step has several slots, a point is the newest sample.
    """
    window = _Window.of(minutes)
    found = {window.step(point): point for _, point in window.points(OF_TRAFFIC)}
    return window.series("", found)


def marks(name: str, *, minutes: int) -> list[Mark]:
    """Deploys and what operators did, by time.

    A deploy: a release that did not stand at the begin was sampled for the first time
    since. Refused actions, and rebuilds that come to nothing, leave no mark of an end.
    """
    since = timezone.now() - timedelta(minutes=minutes)
    done = AuditEntry.objects.filter(projection=name, at__gte=since)
    acts = [
        Mark(at=each.at, kind=kind, label=each.outcome, actor=each.actor)
        for each in done
        if (kind := MARKED.get((each.action, each.outcome)))
    ]
    return sorted([*_deploys(since), *acts], key=lambda each: each.at)


def _deploys(since: datetime) -> list[Mark]:
    with connections["default"].cursor() as cursor:
        cursor.execute(RELEASES, {"since": since})
        _stood, *deployed = cursor.fetchall() or [None]
    return [Mark(at=at, kind="deploy", label=release) for release, at in deployed]


@dataclass(frozen=True, slots=True)
class _Window:
    """Steps by number since 1970."""

    step_s: int
    first: int
    last: int

    @classmethod
    def of(cls, minutes: int) -> "_Window":
        interval: int = settings.CQRS.monitoring.metrics_interval_s
        step = interval * max(math.ceil(minutes * 60 / interval / MOST_POINTS), 1)
        last = int(timezone.now().timestamp()) // step
        return cls(step, last - max(minutes * 60 // step, 1) + 1, last)

    def worst(self, sql: str, name: str = "") -> dict[str, dict[int, Point]]:
        """By name and step; of each step's samples that with the greatest lag."""
        found: dict[str, dict[int, Point]] = {}
        for each, point in self.points(sql, name):
            steps, step = found.setdefault(each, {}), self.step(point)
            if step not in steps or _lag(point) > _lag(steps[step]):
                steps[step] = point
        return found

    def points(self, sql: str, name: str = "") -> Iterator[tuple[str, Point]]:
        """With their names."""
        since = datetime.fromtimestamp(self.first * self.step_s, UTC)
        asked: dict[str, Any] = {"step": self.step_s, "since": since, "name": name}
        with connections["default"].cursor() as cursor:
            cursor.execute(sql, asked)
            for at, text in cursor.fetchall():
                for each, values in msgspec.json.decode(text).items():
                    yield each, Point(at=at, values=values)

    def step(self, point: Point) -> int:
        return int(point.at.timestamp()) // self.step_s

    def series(self, name: str, found: dict[int, Point]) -> Series:
        last = self.last
        if last not in found:
            last -= 1  # nobody has had to take the sample of this step yet
        return Series(
            name=name,
            begins_at=datetime.fromtimestamp(self.first * self.step_s, UTC),
            step_s=self.step_s,
            points=[found.get(step) for step in range(self.first, last + 1)],
        )


def _lag(point: Point) -> float:
    lag: float = point.values["lag_seconds"]
    return lag
