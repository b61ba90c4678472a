"""Shows how far an import is: a bar on a terminal, else a line now and then."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

# Between two lines where there is no terminal. Seconds.
INTERVAL_S = 5.0


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f}/s" if speed else "-/s")


@contextmanager
def shown(unit: str, total: int, *, stream: IO[str]) -> Iterator[Callable[[int], None]]:
    """Gives a function to be told of each number of records that were done."""
    console = Console(file=stream)
    if not console.is_terminal:
        yield _Lines(unit, total, stream).advance
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as bar:
        task = bar.add_task(unit, total=total)
        yield lambda records: bar.advance(task, records)


class _Lines:
    def __init__(self, unit: str, total: int, stream: IO[str]) -> None:
        self._unit = unit
        self._total = total
        self._stream = stream
        self._done = 0
        self._began = self._last = time.monotonic()

    def advance(self, records: int) -> None:
        self._done += records
        now = time.monotonic()
        if now - self._last < INTERVAL_S or not self._done:
            return
        self._last = now
        rate = self._done / (now - self._began)
        left = (self._total - self._done) / rate
        self._stream.write(
            f"{self._done:,} of {self._total:,} {self._unit} "
            f"({self._done / self._total:.0%}), {rate:,.0f}/s, {left:.0f} s left\n"
        )
        self._stream.flush()
