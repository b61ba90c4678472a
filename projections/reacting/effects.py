"""Carries out what a reactor answers: commands at once, timers with its checkpoint.

The id of a command follows from the reactor, the event or timer that it answers and
its place in the answer. However often that is handled, the stream takes it once.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import assert_never
from uuid import UUID, uuid5

from django.utils import timezone

from eventstore import commands
from eventstore.commands import Context
from eventstore.events import RecordedEvent
from projections import failure
from projections.folding import Failed
from projections.models import Timer
from projections.reacting import timers
from projections.reactor import ClearTimer, Effect, Issue, Reactor, SetTimer

# Namespace of command ids and timer identities; never changes.
NAMESPACE = UUID("0d9c5b1e-2f6a-5c5e-8a41-6d8f3b7a9c20")


@dataclass(frozen=True, slots=True)
class Reacted:
    """How many of the events were gone through, and which of them failed."""

    events: int
    failures: list[Failed]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cause:
    """What effects follow from. id: of the event, or the timer's identity."""

    reactor: str
    id: UUID
    stream: str
    event_id: UUID
    correlation_id: str


def react(
    reactor: Reactor, events: Sequence[RecordedEvent], *, seconds: float | None = None
) -> Reacted:
    """Answers events in order; writes their timers, with the reactor's lease in hand.

    seconds: no further event is begun after that, but at least one is.
    A stream's events behind its failing one are left alone. Raises faults that are
    not an event's; commands that were given by then are not given again.
    """
    ends = None if seconds is None else time.monotonic() + seconds
    changes: timers.Changes = {}
    failures: dict[str, Failed] = {}
    done = 0
    for event in events:
        if done and ends is not None and time.monotonic() > ends:
            break
        done += 1
        if event.stream in failures:
            continue
        try:
            changes |= _carry_out(reactor.react(event), _of_event(reactor, event))
        except Exception as error:
            if not failure.is_of_event(error):
                raise
            failures[event.stream] = Failed(event, error, ())
    timers.write(reactor.name, changes)
    return Reacted(done, list(failures.values()))


def fire(reactor: Reactor, timer: Timer) -> None:
    """Answers a timer and takes it away, with the reactor's lease in hand.

    Raises whatever its firing raises; the timer then stands.
    """
    changes: timers.Changes = {(timer.stream, timer.key): None}
    changes |= _carry_out(reactor.fire(timer), _of_timer(timer))
    timers.write(reactor.name, changes)


def _carry_out(effects: Iterable[Effect], cause: _Cause) -> timers.Changes:
    changes: timers.Changes = {}
    issued = 0
    for effect in effects:
        match effect:
            case Issue():
                _issue(effect, cause, issued)
                issued += 1
            case SetTimer():
                changes[cause.stream, effect.key] = timers.new(
                    effect,
                    reactor=cause.reactor,
                    stream=cause.stream,
                    identity=_id(cause, f"timer {effect.key}"),
                    event_id=cause.event_id,
                    correlation_id=cause.correlation_id,
                )
            case ClearTimer():
                changes[cause.stream, effect.key] = None
            case _:
                assert_never(effect)
    return changes


def _issue(effect: Issue, cause: _Cause, place: int) -> None:
    context = Context(
        actor=f"reactor:{cause.reactor}",
        source="reactor",
        causation_id=str(cause.event_id),
        correlation_id=cause.correlation_id,
        command_id=str(_id(cause, f"command {place}")),
    )
    try:
        commands.handle(
            effect.stream_type,
            effect.id,
            effect.command,
            at=timezone.now(),
            context=context,
        )
    except effect.stream_type.rejection as refusal:
        if getattr(refusal, "code", None) not in effect.accept_refusals:
            raise


def _id(cause: _Cause, what: str) -> UUID:
    return uuid5(NAMESPACE, f"{cause.reactor}\n{cause.id}\n{what}")


def _of_event(reactor: Reactor, event: RecordedEvent) -> _Cause:
    return _Cause(
        reactor=reactor.name,
        id=event.event_id,
        stream=event.stream,
        event_id=event.event_id,
        correlation_id=event.metadata.get("correlation_id", ""),
    )


def _of_timer(timer: Timer) -> _Cause:
    return _Cause(
        reactor=timer.reactor,
        id=timer.identity,
        stream=timer.stream,
        event_id=timer.event_id,
        correlation_id=timer.correlation_id,
    )
