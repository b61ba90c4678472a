"""Imports one file: reads, maps and stores it batch by batch, and sums up."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from orders.domain.events import OrderPlaced
from orders.imports import ocel2, ocel2_lives, online_retail, rejects
from orders.imports.history import Mapped, Source
from orders.imports.storing import Storing

FORMATS: dict[str, Callable[[Path], Source]] = {
    online_retail.NAME: online_retail.read,
    ocel2_lives.NAME: ocel2.read,
}

# A statement stores so many events, some 1 MB of text in 50 to 100 ms: long enough to
# be cheap, short enough not to hold up what others append meanwhile.
BATCH_EVENTS = 1_000

# Given the unit and number of records, opens a display that is told of those done.
Display = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]


@dataclass(slots=True, kw_only=True)
class Summary:
    """read = imported + ignored + rejected, in the source's unit.

    orders and events: in the file; those that this run stored are "new".
    rejects_file: None when nothing was rejected, and no file written.
    """

    file: str
    format: str
    unit: str
    rejects_file: str | None = None
    read: int = 0
    imported: int = 0
    ignored: int = 0
    rejected: int = 0
    orders: int = 0
    new_orders: int = 0
    events: int = 0
    new_events: int = 0
    rejects: dict[str, int]
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Source records per second."""
        return self.read / self.seconds if self.seconds else 0.0


def run(path: Path, *, format: str, rejects_path: Path, display: Display) -> Summary:
    """Imports the file and answers when all of it is in the log.

    Started again, after a kill as well, it stores what is missing and nothing twice.
    Raises ImportStopped, VersionConflict.
    """
    began = time.monotonic()
    source = FORMATS[format](path)
    summary = Summary(
        file=str(path),
        format=format,
        unit=source.unit,
        rejects={},
    )
    storing = Storing(source=source.name)
    with (
        rejects.writing(rejects_path) as rejected,
        display(source.unit, source.total) as advance,
    ):
        for batch in batches(source.mapped):
            stored = storing.store(
                history for mapped in batch for history in mapped.histories
            )
            summary.new_events += stored.events
            summary.new_orders += stored.orders
            for mapped in batch:
                _count(summary, mapped)
                rejected.add(mapped.rejects)
            advance(sum(mapped.read for mapped in batch))
    summary.rejects = dict(rejected.by_reason.most_common())
    if summary.rejected:
        summary.rejects_file = str(rejects_path)
    summary.seconds = time.monotonic() - began
    return summary


def batches(mapped: Iterable[Mapped]) -> Iterator[list[Mapped]]:
    """Cut where BATCH_EVENTS are reached; what is mapped together stays together."""
    batch: list[Mapped] = []
    size = 0
    for each in mapped:
        batch.append(each)
        size += sum(len(history.events) for history in each.histories)
        if size >= BATCH_EVENTS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _count(summary: Summary, mapped: Mapped) -> None:
    summary.read += mapped.read
    summary.imported += mapped.imported
    summary.ignored += mapped.ignored
    summary.rejected += len(mapped.rejects)
    for history in mapped.histories:
        summary.events += len(history.events)
        summary.orders += isinstance(history.events[0], OrderPlaced)
