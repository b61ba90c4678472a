"""One turn of one reactor: its timers and its checkpoint change in one transaction.

The commands of a turn are given before, each in a transaction of its own in the log's
database. A worker that dies in between leaves them to be given again, under the same
ids, by the next one.
"""

from collections.abc import Callable, Sequence
from functools import partial

from django.db import transaction

from eventstore.events import RecordedEvent
from projections import batch, dead_letters, erasing
from projections.batch import Outcome, Result
from projections.folding import Failed
from projections.models import Checkpoint, Timer
from projections.reacting import effects, timers
from projections.reacting.effects import Reacted
from projections.reactor import Reactor

USING = "read"

# How long a turn begins further events, so that the lease is free again soon: an
# operator's pause waits for it. Seconds.
LONGEST_S = 1.0
REMEDY = "start the reactor again (manage.py reactor start)"

React = Callable[[Sequence[RecordedEvent]], Reacted]


def advance(
    reactor: Reactor,
    checkpoint: Checkpoint,
    window: Sequence[RecordedEvent],
    *,
    epoch: int,
    worker: str,
) -> Result:
    """Answers a window of settled events, or as many as there is time for.

    window: as for batch.advance. A stream whose event fails is held there.
    Raises LogDiverged, and faults that are no event's; the checkpoint then stands.
    """
    react = partial(effects.react, reactor, seconds=LONGEST_S)
    return _turn(reactor, checkpoint, window, react, epoch=epoch, worker=worker)


def hold(
    reactor: Reactor,
    checkpoint: Checkpoint,
    window: Sequence[RecordedEvent],
    error: Exception,
    *,
    epoch: int,
    worker: str,
) -> Result:
    """Goes past events without an answer, and holds their streams for an error."""

    def fail(events: Sequence[RecordedEvent]) -> Reacted:
        first = {each.stream: each for each in reversed(events)}
        return Reacted(len(events), [Failed(e, error, ()) for e in first.values()])

    return _turn(reactor, checkpoint, window, fail, epoch=epoch, worker=worker)


def fire(reactor: Reactor, checkpoint: Checkpoint, timer: Timer) -> bool:
    """Answers a due timer; False when another worker is at it or it is gone.

    Raises whatever its firing raises; nothing is written then.
    """
    with transaction.atomic(using=USING):
        if batch.lease(checkpoint) is None or not timers.still(timer):
            return False
        effects.fire(reactor, timer)
        return True


def _turn(
    reactor: Reactor,
    checkpoint: Checkpoint,
    window: Sequence[RecordedEvent],
    react: React,
    *,
    epoch: int,
    worker: str,
) -> Result:
    events = batch.new_events(checkpoint, window, epoch=epoch, remedy=REMEDY)
    if not events:
        return Result(outcome=Outcome.IDLE)
    with transaction.atomic(using=USING):
        leased = batch.lease(checkpoint)
        if leased is None:
            return Result(outcome=Outcome.BUSY)
        if leased.at != batch.standing(checkpoint):
            return Result(outcome=Outcome.OVERTAKEN)
        taken = batch.to_take(reactor, checkpoint, events, leased)
        reacted = react(taken)
        dead_letters.park(checkpoint, reacted.failures)
        if reacted.events < len(taken):
            left = taken[reacted.events].position
            events = [each for each in events if each.position < left]
        erasing.follow(reactor, checkpoint, events)
        batch.move(
            checkpoint, events, epoch=epoch, folded=reacted.events, worker=worker
        )
    return Result(
        outcome=Outcome.ADVANCED, events=len(events), parked=len(reacted.failures)
    )
