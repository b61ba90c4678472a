"""Series for charts, from samples; where no sample was taken there is a gap."""

import json
import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connections
from django.utils import timezone

from projections.models import AuditEntry

MOST_POINTS = 360
# Of each point's samples that in which the projection lagged most.
OF_SUBSCRIBERS = """
SELECT DISTINCT ON (each.key, point)
    each.key, floor(extract(epoch FROM s.at) / %(step)s)::bigint AS point, s.at,
    each.value::text
FROM monitoring_sample s,
    jsonb_each((s.data -> 'projections') || (s.data -> 'reactors')) AS each
WHERE s.at >= %(since)s AND (%(name)s = '' OR each.key = %(name)s)
ORDER BY each.key, point, (each.value ->> 'lag_seconds')::float DESC
"""
OF_TRAFFIC = """
SELECT DISTINCT ON (point)
    '', floor(extract(epoch FROM s.at) / %(step)s)::bigint AS point, s.at,
    (s.data - 'projections' - 'reactors')::text
FROM monitoring_sample s
WHERE s.at >= %(since)s
ORDER BY point, s.at DESC
"""
RELEASES = """
SELECT release, first_at
FROM (
    SELECT data ->> 'release' AS release, min(at) AS first_at,
           min(min(at)) OVER () AS beginning
    FROM monitoring_sample
    GROUP BY 1
) releases
WHERE first_at >= %s AND first_at > beginning
ORDER BY first_at
"""
MARKED = ("pause", "resume", "rebuild", "swap", "rollback")


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
    """kind: deploy, pause, resume, rebuild, swap or rollback. label: the release, or
    how it went; actor: "" of a deploy.
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
    return window.series(name, window.rows(OF_SUBSCRIBERS, name).get(name, {}))


def of_all(*, minutes: int) -> dict[str, Series]:
    """As `of_projection`, of all that were sampled, by name."""
    window = _Window.of(minutes)
    found = window.rows(OF_SUBSCRIBERS)
    return {name: window.series(name, points) for name, points in found.items()}


def of_traffic(*, minutes: int) -> Series:
    """Head, settled, events_per_second, commands, queries and release.

    Where a step has several slots, a point is the newest sample.
    """
    window = _Window.of(minutes)
    return window.series("", window.rows(OF_TRAFFIC).get("", {}))


def marks(name: str, *, minutes: int) -> list[Mark]:
    """Deploys (a release that was first sampled then) and what operators did, by time.

    Refused actions leave no mark.
    """
    since = timezone.now() - timedelta(minutes=minutes)
    with connections["default"].cursor() as cursor:
        cursor.execute(RELEASES, [since])
        deploys = [
            Mark(at=at, kind="deploy", label=release)
            for release, at in cursor.fetchall()
        ]
    done = AuditEntry.objects.filter(
        projection=name, action__in=MARKED, at__gte=since
    ).exclude(outcome="refused")
    acts = [
        Mark(at=each.at, kind=each.action, label=each.outcome, actor=each.actor)
        for each in done
    ]
    return sorted([*deploys, *acts], key=lambda each: each.at)


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

    def rows(self, sql: str, name: str = "") -> dict[str, dict[int, Point]]:
        """Points by name and step."""
        since = datetime.fromtimestamp(self.first * self.step_s, UTC)
        asked: dict[str, Any] = {"step": self.step_s, "since": since, "name": name}
        found: dict[str, dict[int, Point]] = {}
        with connections["default"].cursor() as cursor:
            cursor.execute(sql, asked)
            for key, step, at, text in cursor.fetchall():
                values = json.loads(text)
                found.setdefault(key, {})[step] = Point(at=at, values=values)
        return found

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
