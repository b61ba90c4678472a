"""Streams that are held for a projection: parked, tried again, skipped (P5).

All of it happens while the checkpoint's row is locked; otherwise a retry that frees a
stream between a live batch's look and its commit would leave one event held for ever.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import assert_never

from django.conf import settings
from django.db import connections, transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from eventstore import store
from eventstore.events import RecordedEvent
from eventstore.personal_texts import FORGOTTEN
from projections import (
    applying,
    back_off,
    copies,
    errors,
    failure,
    leases,
    partitions,
    registry,
)
from projections.folding import Failed
from projections.models import Checkpoint, DeadLetter, SkippedEvent
from projections.projection import Projection
from projections.reacting import effects
from projections.reactor import Reactor
from projections.subscriber import Subscriber

USING = "read"

# Partitions that fail at once take turns to count what is held: the limit is exact.
# The upper 16 bits keep these keys apart from others' (7: the log, 9: operations).
COUNT_LOCK = """
SELECT pg_advisory_xact_lock((10::bigint << 48) | (hashtext(%s)::bigint & 4294967295))
"""


def held_streams(checkpoint: Checkpoint, streams: Sequence[str]) -> set[str]:
    """Which of the streams are held; with the lease in hand."""
    found = DeadLetter.objects.filter(
        projection=checkpoint.projection,
        generation=checkpoint.generation,
        stream__in=streams,
    )
    return set(found.values_list("stream", flat=True))


def skipped_events(projection: str, events: Sequence[RecordedEvent]) -> set[object]:
    """Ids of those events that the projection passes over for ever."""
    found = SkippedEvent.objects.filter(
        projection=projection, event_id__in=[each.event_id for each in events]
    )
    return set(found.values_list("event_id", flat=True))


def current() -> QuerySet[DeadLetter]:
    """Held streams of all subscribers but those that kept tables lack: nobody reads
    these, and nobody needs to act unless they are to come back.
    """
    kept = Checkpoint.objects.filter(
        projection=OuterRef("projection"),
        generation=OuterRef("generation"),
        role=Checkpoint.Role.KEPT,
    )
    return DeadLetter.objects.filter(~Exists(kept))


def is_held(projection: str, *streams: str) -> bool:
    """Whether the live tables lack events of the stream, or of one of several."""
    return _of_live(projection).filter(stream__in=streams).exists()


def count(*projections: str) -> int:
    """How many streams are held for the live tables of any of the projections."""
    held = DeadLetter.objects.none()
    for each in projections:
        held = held | _of_live(each)
    return held.values("stream").distinct().count()


def counts() -> dict[str, int]:
    """As `count`, of each projection and reactor that has any, in one statement."""
    live = Checkpoint.objects.filter(
        projection=OuterRef("projection"),
        generation=OuterRef("generation"),
        role=Checkpoint.Role.LIVE,
    )
    found = DeadLetter.objects.filter(Exists(live)).values_list("projection")
    return dict(found.annotate(Count("stream")).order_by("projection"))


def _of_live(projection: str) -> QuerySet[DeadLetter]:
    live = Checkpoint.objects.filter(projection=projection, role=Checkpoint.Role.LIVE)
    return DeadLetter.objects.filter(
        projection=projection, generation__in=live.values("generation")
    )


def park(checkpoint: Checkpoint, failures: Sequence[Failed]) -> None:
    """Holds the streams from their failing events on; with the lease in hand.

    Raises TooManyDeadLetters beyond the projection's max_dead_letters.
    """
    if not failures:
        return
    _refuse_too_many(checkpoint, failures)
    subscriber = registry.subscriber(checkpoint.projection)
    DeadLetter.objects.bulk_create(
        [_letter(checkpoint, subscriber, failed) for failed in failures]
    )


def erase_texts(checkpoint: Checkpoint, streams: Sequence[str]) -> set[str]:
    """Drops what errors say of streams that are held, with the lease in hand: which."""
    found = DeadLetter.objects.filter(
        projection=checkpoint.projection,
        generation=checkpoint.generation,
        stream__in=streams,
    )
    found.update(error=FORGOTTEN, traceback=FORGOTTEN)
    return set(found.values_list("stream", flat=True))


def _refuse_too_many(checkpoint: Checkpoint, failures: Sequence[Failed]) -> None:
    name = checkpoint.projection
    most = settings.CQRS.query_side.projection(name).max_dead_letters
    with connections[USING].cursor() as cursor:
        cursor.execute(COUNT_LOCK, [name])
    held = DeadLetter.objects.filter(
        projection=name, generation=checkpoint.generation
    ).count()
    if held + len(failures) > most:
        raise errors.TooManyDeadLetters(
            projection=name, held=held, more=len(failures), most=most
        ) from failures[0].error


def due(followed: Iterable[Checkpoint], *, limit: int = 10) -> list[DeadLetter]:
    """Their held streams whose next attempt is due, the longest waiting first."""
    generations = {(each.projection, each.generation) for each in followed}
    of_followed = Q(pk=None)
    for projection, generation in generations:
        of_followed |= Q(projection=projection, generation=generation)
    return list(
        DeadLetter.objects.filter(
            of_followed,
            state=DeadLetter.State.RETRYING,
            next_attempt_at__lte=timezone.now(),
        ).order_by("next_attempt_at")[:limit]
    )


def retry(id: int, *, wait: bool = True) -> bool:
    """Applies a held stream's events in order; True when it is held no longer.

    In a transaction of its own; new events of the stream wait behind it meanwhile.
    wait: for a batch that is at work; otherwise False at once.
    Raises UnknownDeadLetter, NotAllowedInState (tables of another version, or a
    rebuild's that are not filled yet).
    """
    with transaction.atomic(using=USING):
        letter = get(id)
        checkpoint = _leased(letter, wait=wait)
        if checkpoint is None:
            return False
        letter = get(id)  # somebody may have freed it before we had the lease
        subscriber = registry.subscriber(letter.projection)
        if not subscriber.maintains(checkpoint.version):
            raise errors.NotAllowedInState(
                f"these tables of {subscriber.name} are of version "
                f"{checkpoint.version}, this code is version {subscriber.version}"
            )
        if checkpoint.state == Checkpoint.State.FILLING:
            # What it adds to shared rows may be folded anew, or be in live rows that
            # are still to come in.
            raise errors.NotAllowedInState(
                f"generation {letter.generation} of {letter.projection} is being "
                "filled: wait until it follows the log"
            )
        events = store.read_stream(letter.stream, from_version=letter.version)
        held = [each for each in events if each.position <= checkpoint.position]
        skipped = skipped_events(letter.projection, held)
        failures = _applied(
            subscriber,
            checkpoint,
            [e for e in held if subscriber.takes(e) and e.event_id not in skipped],
        )
        if isinstance(subscriber, Projection):
            # Also where it fails again: events before the failing one are folded.
            copies.follow(
                subscriber, checkpoint, {letter.stream}, position=checkpoint.position
            )
        if failures:
            _failed_again(letter, failures[0])
            return False
        letter.delete()
        return True


def postpone(id: int, error: Exception) -> None:
    """Counts an attempt that failed, though not by the event's fault."""
    with transaction.atomic(using=USING):
        letter = DeadLetter.objects.filter(pk=id).first()
        if letter is None or _leased(letter, wait=False) is None:
            return  # another worker has it, or has freed it
        attempts = letter.attempts + 1
        DeadLetter.objects.filter(pk=id).update(
            attempts=attempts,
            last_failed_at=timezone.now(),
            next_attempt_at=_next_attempt(letter.projection, attempts=attempts),
            state=_state(letter.projection, attempts=attempts),
            **failure.described(error),
        )


def skip(id: int, *, actor: str, reason: str) -> bool:
    """Passes the failing event over for ever and goes on; True when that frees it.

    Raises as `retry`.
    """
    with transaction.atomic(using=USING):
        letter = locked(id)
        SkippedEvent.objects.get_or_create(
            projection=letter.projection,
            event_id=letter.event_id,
            defaults={
                "stream": letter.stream,
                "position": letter.position,
                "actor": actor,
                "reason": reason,
            },
        )
        return retry(id)


def get(id: int) -> DeadLetter:
    """Raises UnknownDeadLetter."""
    try:
        return DeadLetter.objects.get(pk=id)
    except DeadLetter.DoesNotExist:
        raise errors.UnknownDeadLetter(id=id) from None


def locked(id: int) -> DeadLetter:
    """The held stream, with the lease of its partition, in the caller's transaction.

    Raises UnknownDeadLetter.
    """
    _leased(get(id), wait=True)
    return get(id)  # somebody may have freed it before we had the lease


def held_events(letter: DeadLetter) -> int:
    """How many events are held, the failing one included."""
    events = store.read_stream(letter.stream, from_version=letter.version)
    passed = _checkpoints(letter).order_by("-position")[0].position
    return sum(1 for each in events if each.position <= passed)


def _applied(
    subscriber: Projection | Reactor,
    checkpoint: Checkpoint,
    events: Sequence[RecordedEvent],
) -> list[Failed]:
    match subscriber:
        case Projection():
            return applying.bisected(subscriber, checkpoint, events, position=None)
        case Reactor():
            return effects.react(subscriber, events).failures
        case _:
            assert_never(subscriber)


def _leased(letter: DeadLetter, *, wait: bool) -> Checkpoint | None:
    """The checkpoint of the stream's partition, locked; None if others are at work."""
    leases.announce(letter.projection)
    partition = _partition(letter)
    if partition is None:
        return None
    locked = (
        Checkpoint.objects.select_for_update(skip_locked=not wait)
        .filter(pk=partition.pk)
        .first()
    )
    if locked is None and wait:
        return _leased(letter, wait=wait)  # it was replaced while we waited
    return locked


def _partition(letter: DeadLetter) -> Checkpoint | None:
    # Other partitions may be at work. Which one it is changes only with new rows.
    for each in _checkpoints(letter):
        if each.partition == partitions.bucket(letter.stream, each.partitions):
            return each
    return None


def _letter(
    checkpoint: Checkpoint, subscriber: Subscriber, failed: Failed
) -> DeadLetter:
    event = failed.event
    return DeadLetter(
        projection=checkpoint.projection,
        generation=checkpoint.generation,
        stream=event.stream,
        position=event.position,
        event_id=event.event_id,
        version=event.version,
        type=event.type,
        handler=_handler(subscriber),
        next_attempt_at=_next_attempt(subscriber.name, attempts=1),
        state=_state(subscriber.name, attempts=1),
        **failure.described(failed.error),
    )


def _failed_again(letter: DeadLetter, failed: Failed) -> None:
    event, subscriber = failed.event, registry.subscriber(letter.projection)
    # Another event of the stream than before begins its own count.
    attempts = letter.attempts + 1 if event.event_id == letter.event_id else 1
    DeadLetter.objects.filter(pk=letter.pk).update(
        position=event.position,
        event_id=event.event_id,
        version=event.version,
        type=event.type,
        handler=_handler(subscriber),
        attempts=attempts,
        last_failed_at=timezone.now(),
        next_attempt_at=_next_attempt(letter.projection, attempts=attempts),
        state=_state(letter.projection, attempts=attempts),
        **failure.described(failed.error),
    )


def _state(projection: str, *, attempts: int) -> DeadLetter.State:
    most = settings.CQRS.query_side.projection(projection).max_attempts
    return DeadLetter.State.PARKED if attempts >= most else DeadLetter.State.RETRYING


def _next_attempt(projection: str, *, attempts: int) -> datetime | None:
    if _state(projection, attempts=attempts) == DeadLetter.State.PARKED:
        return None
    return back_off.next_attempt_at(projection, failures=attempts)


def _handler(subscriber: Subscriber) -> str:
    kind = type(subscriber)
    return f"{kind.__module__}.{kind.__qualname__} version {subscriber.version}"


def _checkpoints(letter: DeadLetter) -> QuerySet[Checkpoint]:
    return Checkpoint.objects.filter(
        projection=letter.projection, generation=letter.generation
    )
