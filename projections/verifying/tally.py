"""How many streams were compared and differed, right over any number of workers."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Q
from django.utils import timezone

from projections.models import ConsistencyCheck


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """Streams since the beginning; last_failure: a JSON object, see checking.py."""

    checked: int = 0
    failed: int = 0
    last_checked_at: datetime | None = None
    last_failure: dict[str, Any] | None = None


def due(names: Iterable[str], *, every_s: int) -> list[str]:
    """Those that nobody began to check within the interval, the longest ago first."""
    ConsistencyCheck.objects.bulk_create(
        [ConsistencyCheck(projection=name) for name in names], ignore_conflicts=True
    )
    found = ConsistencyCheck.objects.filter(_is_due(every_s), projection__in=names)
    ordered = found.order_by(F("begun_at").asc(nulls_first=True), "projection")
    return list(ordered.values_list("projection", flat=True))


def claim(name: str, *, every_s: int) -> bool:
    """Whether the check is ours: nobody else begins it within the interval."""
    found = ConsistencyCheck.objects.filter(_is_due(every_s), projection=name)
    return found.update(begun_at=timezone.now()) == 1


def record(
    name: str, *, checked: int, failed: int, last_failure: dict[str, Any] | None
) -> None:
    """Adds to the counts of a projection."""
    changes: dict[str, Any] = {"last_failure": last_failure} if last_failure else {}
    ConsistencyCheck.objects.filter(projection=name).update(
        checked=F("checked") + checked,
        failed=F("failed") + failed,
        last_checked_at=timezone.now(),
        **changes,
    )


def of(name: str) -> Counted:
    return counted().get(name, Counted())


def counted() -> dict[str, Counted]:
    """By projection: those that were ever to be checked."""
    columns = ("checked", "failed", "last_checked_at", "last_failure")
    return {
        row.pop("projection"): Counted(**row)
        for row in ConsistencyCheck.objects.values("projection", *columns)
    }


def _is_due(every_s: int) -> Q:
    # Beat is not exact to the second: one of half an interval ago is not the last one.
    since = timezone.now() - timedelta(seconds=every_s / 2)
    return Q(begun_at=None) | Q(begun_at__lte=since)
