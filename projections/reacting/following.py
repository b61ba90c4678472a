"""What a worker does for the reactors: turn by turn until there is nothing to do.

Apart from runner.py, so that what a reactor waits for delays no read table.
"""

import logging
import os
import socket
import time

from django.db import DatabaseError, InterfaceError, close_old_connections

from eventstore import log, settled
from projections import failure, registry, runner
from projections.batch import Outcome
from projections.models import Checkpoint
from projections.reacting import starting, timers, turn
from projections.reactor import Reactor
from projections.runner import Round, Windows

logger = logging.getLogger(__name__)

# A worker's slot is given back after this. Seconds.
TENANCY_S = 2.0
# Events of the log that a turn reads at once, and timers that one looks for.
MOST_EVENTS = 500
MOST_TIMERS = 100

# Reactors whose last turn failed for no event of its own (its lease ran out, say), by
# checkpoint: how many events they take from then on, until turns succeed again.
_narrowed: dict[int, int] = {}


def follow(*, seconds: float = TENANCY_S) -> bool:
    """Works until all is done, or for some seconds; True when there is more to do."""
    worker = f"{socket.gethostname()}:{os.getpid()}"
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        try:
            done = run_round(worker=worker)
        except (DatabaseError, InterfaceError) as error:
            done = Round(database_error=error)
        if done.database_error:
            # Nothing is lost: the sweep comes again.
            logger.warning("waiting for the database: %s", done.database_error)
            close_old_connections()
            return False
        if not done.advanced:
            return False
    return True


def run_round(*, worker: str) -> Round:
    """One turn of every reactor that is behind, and the timers that are due."""
    done = Round()
    found = starting.runnable()
    if not found:
        return done
    now = settled.position()
    epoch = log.identity().epoch
    windows = Windows(up_to=now.settled)
    runner.retry_due(found, done)
    for checkpoint in found:
        reactor = registry.reactor(checkpoint.projection)
        restored = checkpoint.position > now.last or checkpoint.epoch != epoch
        level = True
        try:
            if restored or now.settled > checkpoint.position:
                level = _advance(
                    reactor, checkpoint, windows, epoch=epoch, worker=worker, done=done
                )
            # What clears a timer may stand in what is not read yet.
            if level:
                _fire_due(reactor, checkpoint, done)
        except Exception as error:
            _note(checkpoint, error, done)
    return done


def _advance(
    reactor: Reactor,
    checkpoint: Checkpoint,
    windows: Windows,
    *,
    epoch: int,
    worker: str,
    done: Round,
) -> bool:
    """One turn; whether the reactor has then read all that was settled."""
    most = min(_narrowed.get(checkpoint.pk, MOST_EVENTS), MOST_EVENTS)
    window = windows.of(checkpoint, most)
    new = len(window) - (1 if checkpoint.position else 0)
    try:
        result = turn.advance(reactor, checkpoint, window, epoch=epoch, worker=worker)
    except Exception as error:
        if not (failure.is_timeout(error) or failure.is_of_event(error)):
            raise
        # Which event it was is not known: fewer at once, until it is one alone.
        if new > 1:
            _narrowed[checkpoint.pk] = new // 2
            done.advanced += 1
            return False
        result = turn.hold(
            reactor, checkpoint, window, error, epoch=epoch, worker=worker
        )
    if most < MOST_EVENTS:
        _narrowed[checkpoint.pk] = most * 2
    if result.outcome is Outcome.ADVANCED:
        done.advanced += 1
        done.events += result.events
        passed = window[len(window) - new :][: result.events]
        return passed[-1].position == windows.up_to
    return result.outcome is Outcome.IDLE


def _fire_due(reactor: Reactor, checkpoint: Checkpoint, done: Round) -> None:
    ends = time.monotonic() + turn.LONGEST_S
    for timer in timers.due(reactor.name, limit=MOST_TIMERS):
        if time.monotonic() > ends:
            return
        try:
            done.advanced += turn.fire(reactor, checkpoint, timer)
        except Exception as error:
            if failure.is_infrastructure(error):
                raise
            logger.error("%s failed: %s", timer, failure.told(error))
            timers.postpone(timer, error)


def _note(checkpoint: Checkpoint, error: Exception, done: Round) -> None:
    if failure.is_infrastructure(error):
        done.database_error = error
    else:
        failure.record(checkpoint, error)
