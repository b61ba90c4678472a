"""Keeps commands at a rate by the clock, and says when it cannot."""

import threading
import time

# What is late by more is given up: it would come as a burst later. Seconds.
LONGEST_DEBT_S = 1.0


class Pace:
    """Slots of 1 / rate seconds, counted from now on."""

    def __init__(self, *, rate: float) -> None:
        self._step = 1 / rate
        self._next = time.monotonic()
        self.behind_s = 0.0

    def wait(self, stopping: threading.Event) -> None:
        """Returns when the next slot begins, or when stopping is set."""
        late = time.monotonic() - self._next
        if late > LONGEST_DEBT_S:
            self.behind_s += late
            self._next += late
        elif late < 0:
            stopping.wait(-late)
        self._next += self._step
