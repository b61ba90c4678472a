"""How the reactors stand: their checkpoints, and the timers that wait."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Min, Q

from projections import status
from projections.models import Timer
from projections.reacting import starting

SHOWN = (
    *("name", "version", "position", "head", "lag_events", "lag_seconds"),
    *("advanced_at", "worker", "dead_letters", "last_error", "last_traceback"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One reactor.

    state: as of a projection; or off (in the configuration), not_started.
    timers: that wait, failing ones included; next_timer_at: when the first is due.
    """

    state: str
    status: status.Status
    timers: int
    failing_timers: int
    next_timer_at: datetime | None

    def as_json(self) -> dict[str, Any]:
        shown = self.status.as_json()
        due = self.next_timer_at
        return {
            "state": self.state,
            **{name: shown[name] for name in SHOWN},
            "timers": self.timers,
            "failing_timers": self.failing_timers,
            "next_timer_at": due.isoformat() if due else None,
        }


def all() -> list[Standing]:
    found = {row["reactor"]: row for row in _timers()}
    on = starting.on()
    return [
        Standing(
            state=_state(each, on=each.name in on),
            status=each,
            timers=found.get(each.name, {}).get("waiting", 0),
            failing_timers=found.get(each.name, {}).get("failing", 0),
            next_timer_at=found.get(each.name, {}).get("first"),
        )
        for each in status.reactors()
    ]


def _timers() -> Iterable[Mapping[str, Any]]:
    grouped = Timer.objects.values("reactor").annotate(
        waiting=Count("pk"),
        failing=Count("pk", filter=Q(attempts__gt=0)),
        first=Min("next_attempt_at"),
    )
    return grouped.order_by("reactor")


def _state(found: status.Status, *, on: bool) -> str:
    if not on:
        return "off"
    return found.state if found.partitions else "not_started"
