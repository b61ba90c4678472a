"""One line on a terminal that says how it goes; elsewhere a line now and then."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO

from orders.simulation.tally import Tally

# Between two updates, seconds.
ON_TERMINAL_S = 0.2
ELSEWHERE_S = 30.0

_REWRITE = "\r\x1b[K"


@contextmanager
def shown(*, rate: float, stream: IO[str]) -> Iterator[Callable[[Tally], None]]:
    """Gives a function to be called with the tally as often as one likes."""
    terminal = stream.isatty()
    line = _Line(rate, stream, terminal)
    try:
        yield line.show
    finally:
        if terminal:
            stream.write(_REWRITE)
            stream.flush()


class _Line:
    def __init__(self, rate: float, stream: IO[str], terminal: bool) -> None:
        self._rate = rate
        self._stream = stream
        self._terminal = terminal
        self._last = time.monotonic()
        self._behind_s = 0.0

    def show(self, tally: Tally) -> None:
        if tally.behind_s > 0 and not self._behind_s:
            self._write("the rate cannot be kept: commands take longer than that\n")
        self._behind_s = tally.behind_s
        now = time.monotonic()
        if now - self._last < (ON_TERMINAL_S if self._terminal else ELSEWHERE_S):
            return
        self._last = now
        self._write(
            f"{tally.given:,} commands ({tally.rate:.1f}/s of {self._rate:g}/s), "
            f"{tally.placed:,} orders placed, {tally.finished:,} finished, "
            f"{tally.rejections.total():,} rejected"
        )
        if not self._terminal:
            self._stream.write("\n")
        self._stream.flush()

    def _write(self, text: str) -> None:
        self._stream.write(f"{_REWRITE}{text}" if self._terminal else text)
