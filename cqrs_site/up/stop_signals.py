"""Ctrl-C, SIGTERM and a closed terminal: the first stops, a second one hurries."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """Raised in the main thread, once; no `except Exception` on the way takes it."""


class StopSignals:
    def __init__(self) -> None:
        self.received = 0
        self._held = 0

    def install(self) -> None:
        for number in NUMBERS:
            if signal.getsignal(number) is not signal.SIG_IGN:  # nohup
                signal.signal(number, self._receive)

    @property
    def hurry(self) -> bool:
        return self.received > 1

    @contextmanager
    def held(self) -> Iterator[None]:
        """Puts the stop off while something starts that must be stopped then."""
        self._held += 1
        try:
            yield
        finally:
            self._held -= 1
        if self.received and not self._held:
            raise Stopped

    def _receive(self, number: int, frame: FrameType | None) -> None:
        self.received += 1
        if self.received == 1 and not self._held:
            raise Stopped
