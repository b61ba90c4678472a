"""Compares a sample of each projection's rows with their events, and counts.

The first look hinders nobody; what differs there is looked at again under the lease,
where nothing moves. Only what differs then as well is a failure.
"""

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError, close_old_connections
from django.utils import timezone

from eventstore.events import rfc3339
from projections import checkpoints, failure, registry
from projections.models import Checkpoint
from projections.projection import Projection
from projections.verifying import expecting, looks, sampling, tally
from projections.verifying.expecting import Differing
from projections.verifying.looks import Look
from projections.verifying.sampling import Sampled

logger = logging.getLogger(__name__)

# A slot is given back after this; what had no turn is the first the next time. Seconds.
TENANCY_S = 5.0
# Streams of one look. A snapshot, and the lease of those that differ, is held for so
# many short statements.
AT_ONCE = 25
# Rows of one check that are logged; where the code is wrong, all of them differ.
REPORTED = 10

Opened = Callable[[Projection], AbstractContextManager[list[Checkpoint]]]


@dataclass(slots=True)
class Checked:
    """streams: how many were compared; failed: by stream, what differs of its rows."""

    streams: int = 0
    failed: dict[str, list[Differing]] = field(default_factory=dict)
    last: Look | None = None  # at the last stream that failed


def run() -> int:
    """Checks the projections that are due, for some seconds; streams compared."""
    asked = settings.CQRS.query_side.consistency_check
    if not asked.every_s:
        return 0
    names = [name for name, each in registry.all().items() if each.own_tables]
    ends, streams = time.monotonic() + TENANCY_S, 0
    try:
        for name in tally.due(names, every_s=asked.every_s):
            if time.monotonic() >= ends:
                break
            if tally.claim(name, every_s=asked.every_s):
                found = check(registry.get(name), sample=asked.sample, ends=ends)
                streams += found.streams
    except (DatabaseError, InterfaceError) as error:
        if not failure.is_infrastructure(error) and not failure.is_timeout(error):
            raise
        # A check that is missed is made the next time.
        logger.warning("waiting for the database: %s", str(error).partition("\n")[0])
        close_old_connections()
    return streams


def check(projection: Projection, *, sample: int, ends: float | None = None) -> Checked:
    """Compares about so many streams of a projection, counts and reports what differs.

    ends: time.monotonic() after which no further look begins.
    """
    done = Checked()
    for some in _in_parts(_wanted(projection, sample)):
        if ends is not None and time.monotonic() >= ends:
            break
        _compare(projection, some, done)
    if len(done.failed) > REPORTED:
        logger.error("%s: %s streams differ", projection.name, len(done.failed))
    if done.streams:
        tally.record(
            projection.name,
            checked=done.streams,
            failed=len(done.failed),
            last_failure=_described(done),
        )
    return done


def _wanted(projection: Projection, sample: int) -> list[Sampled]:
    live = checkpoints.live(projection.name)
    if not looks.can_be_compared(projection, live):
        return []
    stands = max(each.position for each in live)
    return sampling.streams(projection, up_to=stands, count=sample)


def _in_parts(wanted: Sequence[Sampled]) -> list[Sequence[Sampled]]:
    return [wanted[at : at + AT_ONCE] for at in range(0, len(wanted), AT_ONCE)]


def _compare(projection: Projection, some: Sequence[Sampled], done: Checked) -> None:
    first = _look(projection, some, looks.in_snapshot)
    suspects = [
        each.sampled for each in first if expecting.differences(projection, each)
    ]
    second = _look(projection, suspects, looks.under_lease) if suspects else []
    done.streams += len(first)
    for look in second:
        if found := expecting.differences(projection, look):
            done.failed[look.sampled.stream], done.last = found, look
            for each in found if len(done.failed) <= REPORTED else ():
                _report(projection, look, each)


def _look(
    projection: Projection, some: Sequence[Sampled], opened: Opened
) -> list[Look]:
    """[] where rows and log cannot be compared (any more)."""
    with opened(projection) as live:
        if not looks.can_be_compared(projection, live):
            return []
        return looks.look(projection, live, some)


def _report(projection: Projection, look: Look, found: Differing) -> None:
    logger.error(
        "%s: the row of %s in %s is not what its events up to position %s give: %s%s",
        projection.name,
        found.stream,
        found.table,
        look.position,
        found.row,
        "".join(f" {name}" for name in [found.error, *found.columns] if name),
    )


def _described(done: Checked) -> dict[str, Any] | None:
    """The last failure, as it is kept and shown: no value that may tell of a person."""
    if done.last is None:
        return None
    rows = done.failed[done.last.sampled.stream]
    return {
        "at": rfc3339(timezone.now()),
        "stream": done.last.sampled.stream,
        "generation": done.last.generation,
        "position": done.last.position,
        "rows": [
            {name: value for name, value in asdict(each).items() if name != "stream"}
            for each in rows
        ],
        "streams": len(done.failed),
    }
