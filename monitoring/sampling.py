"""Takes the samples that charts are made of: one a slot, whoever is first."""

import dataclasses
import time
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from eventstore import redis_client
from eventstore.telemetry import outcomes, queries, slots
from monitoring.models import Sample
from projections import status
from projections.status import Status

# Every process has sent what it counted in a slot so long after its end. Seconds.
LATE_S = 2
SHOWN = (
    "state",
    "position",
    "lag_events",
    "lag_seconds",
    "rate",
    "dead_letters",
    "rebuild",
    "rebuild_progress",
)


def take() -> bool:
    """Stores the sample of this slot, unless it is there; deletes what is too old."""
    at = timezone.now()
    slot = int(at.timestamp()) // settings.CQRS.monitoring.metrics_interval_s
    if Sample.objects.filter(pk=slot).exists():
        return False
    sample = Sample(pk=slot, at=at, data=_data())
    # Another worker may have been faster since.
    Sample.objects.bulk_create([sample], ignore_conflicts=True)
    kept = timedelta(hours=settings.CQRS.monitoring.samples_retention_hours)
    Sample.objects.filter(at__lt=at - kept).delete()
    return True


def _data() -> dict[str, Any]:
    look = status.both()
    holds = look.log.oldest_open_append
    return {
        "release": settings.RELEASE,
        "head": look.log.head,
        "settled": look.log.settled,
        # The age of the append that holds the settled position back.
        "open_append_s": holds.age if holds else None,
        "events_per_second": _events_per_second(look.log.head),
        "projections": {each.name: _standing(each) for each in look.projections},
        "reactors": {each.name: _standing(each) for each in look.reactors},
        **_traffic(),
    }


def _standing(found: Status) -> dict[str, Any]:
    return {name: getattr(found, name) for name in SHOWN}


def _events_per_second(head: int) -> float | None:
    """Positions since the sample before; None after a gap. Holes count as events."""
    newest = Sample.objects.order_by("-at").first()
    if newest is None:
        return None
    passed = (timezone.now() - newest.at).total_seconds()
    interval: int = settings.CQRS.monitoring.metrics_interval_s
    before: int = newest.data["head"]
    if not 0 < passed <= 3 * interval:
        return None
    return round(max(head - before, 0) / float(passed), 2)


def _traffic() -> dict[str, Any]:
    """Of the latest slots of telemetry that are over; None while Redis is away."""
    last = int((time.time() - LATE_S) // slots.SLOT_S) - 1
    interval: int = settings.CQRS.monitoring.metrics_interval_s
    first = last - max(interval // slots.SLOT_S, 1) + 1
    try:
        commands = outcomes.between(first=first, last=last)
        asked = queries.between(first=first, last=last)
    except redis_client.Away:
        return {"commands": None, "queries": None}
    statuses = {each.status for each in asked.counts}
    return {
        "commands": {
            "seconds": commands.seconds,
            "outcomes": {each: commands.of_outcome(each) for each in outcomes.ALL},
            "conflicts": sum(commands.conflicts.values()),
            **dataclasses.asdict(commands.latency),
        },
        "queries": {
            "seconds": asked.seconds,
            "statuses": {each: asked.of_status(each) for each in sorted(statuses)},
            **dataclasses.asdict(asked.latency),
        },
    }
