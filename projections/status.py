"""How the projections stand: the one source of every list, page, metric and check."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connections
from django.utils import timezone

from eventstore import settled, store
from projections import checkpoints, dead_letters, failure, operations, registry
from projections.models import Checkpoint, Operation
from projections.rebuilding import progress
from projections.verifying import tally

# A projection that is behind and has not moved for this long is stalled.
STALLED_AFTER = timedelta(seconds=10)
# Counting beyond this many events costs more than it tells; then the distance of the
# positions stands for it (holes make it a little larger).
COUNTED = 10_000

LAG = """
SELECT count(*), (
    SELECT recorded_at
    FROM eventstore_event
    WHERE position > %(after)s AND position <= %(up_to)s
    ORDER BY position
    LIMIT 1
)
FROM (
    SELECT 1
    FROM eventstore_event
    WHERE position > %(after)s AND position <= %(up_to)s
    LIMIT %(limit)s
) counted
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """One projection. lag_events counts settled events that are not in its rows yet;
    lag_seconds is the age of the oldest of them, 0 when there is none.

    state: running, catching_up, paused, stalled or faulted. position: of the
    partition furthest behind. rebuild: none, or the state of the newest rebuild that
    did not go live; rebuild_progress: 0 to 1 while it is under way; operation: its id.
    kept_version: of the tables that a roll back would bring back.
    rate: events a second, 0 while nothing moves; eta_seconds: until the lag is gone at
    that rate, None where that is unknown.
    dead_letters: streams that are held; their events are not lag.
    checked, check_failures: streams whose rows were compared with their events since
    the beginning, and those that differed; last_check_failure: the newest of these.
    """

    name: str
    state: str
    rebuild: str
    rebuild_progress: float | None
    operation: int | None
    version: int
    generation: int
    kept_version: int | None
    partitions: int
    position: int
    head: int
    lag_events: int
    lag_seconds: float
    rate: float
    eta_seconds: float | None
    advanced_at: datetime | None
    worker: str
    dead_letters: int
    last_error: str
    last_traceback: str
    checked: int
    check_failures: int
    last_checked_at: datetime | None
    last_check_failure: dict[str, Any] | None

    def as_json(self) -> dict[str, Any]:
        return {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name in self.__slots__
            for value in [getattr(self, name)]
        }


def all() -> list[Status]:
    up_to = settled.position().settled
    head = store.head()
    return [_status(name, up_to=up_to, head=head) for name in registry.all()]


def reactors() -> list[Status]:
    """The reactors likewise: lag counts settled events that are not handled yet."""
    up_to = settled.position().settled
    head = store.head()
    return [_status(name, up_to=up_to, head=head) for name in registry.reactors()]


def of(name: str) -> Status:
    """Raises UnknownProjection."""
    registry.get(name)
    return _status(name, up_to=settled.position().settled, head=store.head())


def _status(name: str, *, up_to: int, head: int) -> Status:
    found = checkpoints.live(name)
    position = min((each.position for each in found), default=0)
    lag_events, oldest = _lag(after=position, up_to=up_to)
    now = timezone.now()
    failed = next((each for each in found if each.failure), None)
    slowest = min(found, key=lambda each: each.position, default=None)
    rate = _rate(found, now)
    rebuild = _rebuild(name)
    return Status(
        name=name,
        state=_state(
            found, lag_events, now, rebuilding=rebuild["rebuild_progress"] is not None
        ),
        **rebuild,
        version=found[0].version if found else registry.subscriber(name).version,
        generation=found[0].generation if found else 0,
        partitions=len(found),
        position=position,
        head=head,
        lag_events=lag_events,
        lag_seconds=max((now - oldest).total_seconds(), 0.0) if oldest else 0.0,
        rate=round(rate, 1),
        eta_seconds=round(lag_events / rate, 1) if rate else None,
        advanced_at=slowest.advanced_at if slowest else None,
        worker=slowest.worker if slowest else "",
        dead_letters=dead_letters.count(name),
        last_error=failure.text(failed, "error"),
        last_traceback=failure.text(failed, "traceback"),
        **_checks(name),
    )


def _checks(name: str) -> dict[str, Any]:
    found = tally.of(name)
    return {
        "checked": found.checked,
        "check_failures": found.failed,
        "last_checked_at": found.last_checked_at,
        "last_check_failure": found.last_failure,
    }


def _rebuild(name: str) -> dict[str, Any]:
    operation = operations.newest(name)
    kept = checkpoints.of(name, Checkpoint.Role.KEPT)
    ended_well = operation and operation.state == Operation.State.FINISHED
    shown = operation if not ended_well else None
    under_way = shown and not shown.finished_at
    return {
        "rebuild": shown.state if shown else "none",
        "rebuild_progress": progress.ratio(shown) if shown and under_way else None,
        "operation": shown.pk if shown else None,
        "kept_version": kept[0].version if kept else None,
    }


def _lag(*, after: int, up_to: int) -> tuple[int, datetime | None]:
    with connections["default"].cursor() as cursor:
        cursor.execute(LAG, {"after": after, "up_to": up_to, "limit": COUNTED})
        count, oldest = cursor.fetchone()
    return (count if count < COUNTED else max(count, up_to - after)), oldest


def _rate(found: Sequence[Checkpoint], now: datetime) -> float:
    moving = [each for each in found if now - each.advanced_at < STALLED_AFTER]
    return min((each.rate for each in moving), default=0.0)


def _state(
    found: Sequence[Checkpoint], lag_events: int, now: datetime, *, rebuilding: bool
) -> str:
    if any(failure.is_faulted(each) for each in found):
        return "faulted"
    if any(each.state == Checkpoint.State.PAUSED for each in found):
        return "paused"
    if not lag_events:
        return "running"
    if rebuilding:
        return "catching_up"  # the old tables wait for their successors
    moved = max((each.advanced_at for each in found), default=None)
    if moved is None or now - moved < STALLED_AFTER:
        return "catching_up"
    return "stalled"
