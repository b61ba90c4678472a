"""How the projections stand: the one source of every list, page, metric and check.

Whatever their number, one look takes the same few statements.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from eventstore import log_standing
from eventstore.log_standing import LogStanding
from projections import checkpoints, dead_letters, failure, lag, operations, registry
from projections.lag import Lag
from projections.models import Checkpoint, Operation
from projections.rebuilding import progress
from projections.verifying import tally
from projections.verifying.tally import Counted

# A projection that is behind and has not moved for this long is stalled.
STALLED_AFTER = timedelta(seconds=10)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """The log, the projections and the reactors at one moment, in order of name."""

    log: LogStanding
    projections: list[Status]
    reactors: list[Status]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What the databases have of all that is looked at, by its name."""

    log: LogStanding
    now: datetime
    live: dict[str, list[Checkpoint]]
    kept: dict[str, list[Checkpoint]]
    lags: dict[int, Lag]  # by position
    held: dict[str, int]
    operations: dict[str, Operation]
    checks: dict[str, Counted]


def all() -> list[Status]:
    """Of the projections. Raises what the databases raise, and NotSettled."""
    return _statuses(registry.all())


def reactors() -> list[Status]:
    """The reactors likewise: lag counts settled events that are not handled yet."""
    return _statuses(registry.reactors())


def of(name: str) -> Status:
    """Raises UnknownProjection."""
    registry.get(name)
    (found,) = _statuses([name])
    return found


def log() -> LogStanding:
    """How far the log goes, how far readers may, and who holds them back."""
    return log_standing.now()


def both() -> Look:
    """All there is, from one look: the numbers of a page agree with each other."""
    found = _look([*registry.all(), *registry.reactors()])
    return Look(
        log=found.log,
        projections=[_status(name, found) for name in registry.all()],
        reactors=[_status(name, found) for name in registry.reactors()],
    )


def _statuses(names: Iterable[str]) -> list[Status]:
    found = _look(list(names))
    return [_status(name, found) for name in found.live]


def _look(names: Sequence[str]) -> _Found:
    # The log first: what is passed meanwhile is no lag.
    standing = log_standing.now()
    live, kept = checkpoints.live_and_kept(names)
    live = {name: live.get(name, []) for name in names}
    return _Found(
        log=standing,
        now=timezone.now(),
        live=live,
        kept=kept,
        lags=lag.behind(
            {_position(each) for each in live.values()}, up_to=standing.settled
        ),
        held=dead_letters.counts(),
        operations=operations.newest_of_each(),
        checks=tally.counted(),
    )


def _position(found: Sequence[Checkpoint]) -> int:
    """Of the partition furthest behind; 0 before the start."""
    return min((each.position for each in found), default=0)


def _status(name: str, look: _Found) -> Status:
    found, now = look.live[name], look.now
    behind = look.lags[_position(found)]
    failed = next((each for each in found if each.failure), None)
    slowest = min(found, key=lambda each: each.position, default=None)
    rate = _rate(found, now)
    rebuild = _rebuild(name, look)
    return Status(
        name=name,
        state=_state(
            found,
            behind.events,
            now,
            rebuilding=rebuild["rebuild_progress"] is not None,
        ),
        **rebuild,
        version=found[0].version if found else registry.subscriber(name).version,
        generation=found[0].generation if found else 0,
        partitions=len(found),
        position=_position(found),
        head=look.log.head,
        lag_events=behind.events,
        lag_seconds=behind.seconds,
        rate=round(rate, 1),
        eta_seconds=round(behind.events / rate, 1) if rate else None,
        advanced_at=slowest.advanced_at if slowest else None,
        worker=slowest.worker if slowest else "",
        dead_letters=look.held.get(name, 0),
        last_error=failure.text(failed, "error"),
        last_traceback=failure.text(failed, "traceback"),
        **_checks(look.checks.get(name, Counted())),
    )


def _checks(found: Counted) -> dict[str, Any]:
    return {
        "checked": found.checked,
        "check_failures": found.failed,
        "last_checked_at": found.last_checked_at,
        "last_check_failure": found.last_failure,
    }


def _rebuild(name: str, look: _Found) -> dict[str, Any]:
    operation = look.operations.get(name)
    kept = look.kept.get(name)
    ended_well = operation and operation.state == Operation.State.FINISHED
    shown = operation if not ended_well else None
    under_way = shown and not shown.finished_at
    return {
        "rebuild": shown.state if shown else "none",
        "rebuild_progress": progress.ratio(shown) if shown and under_way else None,
        "operation": shown.pk if shown else None,
        "kept_version": kept[0].version if kept else None,
    }


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
