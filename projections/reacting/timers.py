"""Timers of reactors as rows beside their checkpoints: set, cleared, due, fired."""

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

import msgspec
from django.db import connections
from django.db.models import QuerySet
from django.utils import timezone

from eventstore import events, store
from projections import failure
from projections.models import DeadLetter, Timer
from projections.reactor import SetTimer

USING = "read"

# A firing that fails is tried again after 1, 2, 4 … s, in the end once an hour: there
# is no operator's decision to wait for, and no other timer waits for it.
FIRST_DELAY_S = 1
LONGEST_DELAY_S = 3600
MOST_DOUBLINGS = 12
ORPHANS_AT_ONCE = 1_000

DELETE = """
DELETE FROM projections_timer
WHERE reactor = %s
  AND (stream, key) IN (SELECT * FROM unnest(%s::text[], %s::text[]))
"""

# By stream and key: the timer that stands there from now on, or None.
Changes = dict[tuple[str, str], Timer | None]


def new(
    effect: SetTimer,
    *,
    reactor: str,
    stream: str,
    identity: UUID,
    event_id: UUID,
    correlation_id: str,
) -> Timer:
    """A timer, not saved. Raises ValueError for a time without zone, TypeError for data
    that JSON cannot have.
    """
    if timezone.is_naive(effect.due_at):
        raise ValueError(f"the timer {effect.key!r} is due at a time without a zone")
    return Timer(
        reactor=reactor,
        stream=stream,
        key=effect.key,
        identity=identity,
        due_at=effect.due_at,
        data=msgspec.json.decode(events.encode(dict(effect.data))),
        event_id=event_id,
        correlation_id=correlation_id,
        next_attempt_at=effect.due_at,
    )


def write(reactor: str, changes: Mapping[tuple[str, str], Timer | None]) -> None:
    """In two statements at most; with the reactor's lease in hand."""
    cleared = [place for place, timer in changes.items() if timer is None]
    if cleared:
        streams, keys = zip(*cleared, strict=True)
        with connections[USING].cursor() as cursor:
            cursor.execute(DELETE, [reactor, list(streams), list(keys)])
    Timer.objects.bulk_create(
        [timer for timer in changes.values() if timer],
        update_conflicts=True,
        unique_fields=["reactor", "stream", "key"],
        update_fields=[
            *("identity", "due_at", "data", "event_id", "correlation_id"),
            *("attempts", "next_attempt_at", "error"),
        ],
    )


def due(reactor: str, *, limit: int) -> list[Timer]:
    """Timers whose time has come, the longest waiting first.

    Not those of held streams: an event that waits there may clear them.
    """
    held = DeadLetter.objects.filter(projection=reactor).values("stream")
    found = Timer.objects.filter(reactor=reactor, next_attempt_at__lte=timezone.now())
    return list(found.exclude(stream__in=held).order_by("next_attempt_at")[:limit])


def still(timer: Timer) -> bool:
    """Whether it stands as it was read; with the lease in hand."""
    return _same(timer).exists()


def postpone(timer: Timer, error: Exception) -> None:
    """Counts a firing that failed; nothing if the timer is gone meanwhile."""
    delay = FIRST_DELAY_S * 2 ** min(timer.attempts, MOST_DOUBLINGS)
    _same(timer).update(
        attempts=timer.attempts + 1,
        next_attempt_at=timezone.now() + timedelta(seconds=min(delay, LONGEST_DELAY_S)),
        error=failure.described(error)["error"],
    )


def drop_orphans(reactor: str) -> None:
    """Drops timers of events that the log no longer has; with the lease in hand."""
    found = list(Timer.objects.filter(reactor=reactor).values_list("pk", "event_id"))
    for start in range(0, len(found), ORPHANS_AT_ONCE):
        part = dict(found[start : start + ORPHANS_AT_ONCE])
        there = store.read_events(list(set(part.values())))
        gone = [pk for pk, event_id in part.items() if event_id not in there]
        Timer.objects.filter(pk__in=gone).delete()


def _same(timer: Timer) -> QuerySet[Timer]:
    return Timer.objects.filter(pk=timer.pk, identity=timer.identity)
