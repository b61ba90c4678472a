"""How long the latest batches took, step by step: kept in Redis, and may be lost.

A batch at work is timed in a variable of its thread, so that who reads, folds and
writes need not know for whom. That costs two looks at the clock a step, a few
microseconds a batch.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

import msgspec

from eventstore.telemetry import reading, sending
from projections.models import Checkpoint

NEWEST = 50
READ, FOLD, WRITE = "read", "fold", "write"


class BatchTiming(msgspec.Struct, frozen=True, kw_only=True):
    """One batch that moved a checkpoint. position: where it stood with it.

    events: of the log that it passed; taken: of these, what was folded; parked: streams
    that were held. Seconds: read (the log and the rows; who reads the log for several
    projections has it all), fold, write, and total, with lease and commit.
    """

    at: datetime
    projection: str
    partition: int
    generation: int
    role: str
    events: int
    taken: int
    parked: int
    position: int
    read_s: float
    fold_s: float
    write_s: float
    total_s: float
    worker: str


class Timing:
    """Of a batch at work: seconds by step."""

    def __init__(self, *, read_s: float) -> None:
        self._began = time.perf_counter() - read_s
        self.steps = {READ: read_s, FOLD: 0.0, WRITE: 0.0}

    def keep(
        self,
        checkpoint: Checkpoint,
        *,
        events: int,
        taken: int,
        parked: int,
        position: int,
        worker: str,
    ) -> None:
        """Tells of the batch, which is committed. checkpoint: as it was before."""
        told = BatchTiming(
            at=datetime.now(UTC),
            projection=checkpoint.projection,
            partition=checkpoint.partition,
            generation=checkpoint.generation,
            role=checkpoint.role,
            events=events,
            taken=taken,
            parked=parked,
            position=position,
            **{f"{name}_s": round(s, 6) for name, s in self.steps.items()},
            total_s=round(time.perf_counter() - self._began, 6),
            worker=worker,
        )
        sending.remember(_list(checkpoint.projection), [told], newest=NEWEST)


_at_work: ContextVar[Timing | None] = ContextVar("timing", default=None)


@contextmanager
def timed(*, read_s: float) -> Iterator[Timing]:
    """Times the steps of one batch in the block, whose events took read_s to read."""
    timing = Timing(read_s=read_s)
    token = _at_work.set(timing)
    try:
        yield timing
    finally:
        _at_work.reset(token)


@contextmanager
def step(name: str) -> Iterator[None]:
    """Adds the block's seconds to a step of the batch at work, if one is timed."""
    timing = _at_work.get()
    began = time.perf_counter()
    try:
        yield
    finally:
        if timing is not None:
            timing.steps[name] += time.perf_counter() - began


def recent(name: str) -> list[BatchTiming]:
    """The latest 50 batches of a projection, newest first; shadow tables' among them.

    Raises redis_client.Away.
    """
    found = [
        msgspec.json.decode(text, type=BatchTiming)
        for text in reading.newest([_list(name)])
    ]
    return sorted(found, key=lambda each: each.at, reverse=True)[:NEWEST]


def _list(name: str) -> str:
    return f"batches:{name}"
