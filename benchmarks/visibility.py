"""Milliseconds from the commit of an event to its row, at 100 events a second."""

import statistics
import time
from typing import Any

from benchmarks import processes

RATE = 100
PATIENCE_S = 10  # a follower that has not shown an event by then is broken


def measure(seconds: float) -> dict[str, float]:
    with processes.beside(_follow):
        cuts = statistics.quantiles(_write(seconds), n=100)
    return {
        f"commit to visible at {RATE} events/s, p50 ms": cuts[49] * 1000,
        f"commit to visible at {RATE} events/s, p99 ms": cuts[98] * 1000,
    }


def _follow(stop: Any) -> None:
    from projections import runner

    while not stop.is_set():
        runner.follow(seconds=1)


def _write(seconds: float) -> list[float]:
    from benchmarks import orders

    _visible_after(orders.place().position)  # the follower is up
    delays = []
    began = time.monotonic()
    for count in range(int(seconds * RATE)):
        time.sleep(max(0.0, began + count / RATE - time.monotonic()))
        delays.append(_visible_after(orders.place().position))
    return delays


def _visible_after(position: int) -> float:
    """Seconds until the summary has an event that was committed just now."""
    from projections import consistency

    committed = time.monotonic()
    while consistency.position("order_summary") < position:
        if time.monotonic() - committed > PATIENCE_S:
            raise TimeoutError(f"position {position} is not in order_summary")
        time.sleep(0.0005)
    return time.monotonic() - committed
