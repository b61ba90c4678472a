"""Events a second that a rebuild of `order_summary` folds, and how long it blocks."""

import time
from typing import Any

from benchmarks import catch_up, processes

NAME = "order_summary"


def measure(seconds: float) -> dict[str, float]:
    from projections import actors, control, operations, status

    catch_up.append()
    catch_up.project()
    events = status.of(NAME).position
    with processes.beside(_follow), processes.beside(_operate):
        began = time.monotonic()
        operation = control.rebuild(
            NAME, actor=actors.program("benchmark"), reason="", partitions=1
        )
        while not operations.get(operation.pk).finished_at:
            time.sleep(0.02)
        took = time.monotonic() - began
    result = operations.get(operation.pk).result
    return {
        "events/s of a rebuild, swapped in": events / took,
        "swap blocks readers at most, ms": result["blocked_readers_at_most_ms"],
    }


def _operate(stop: Any) -> None:
    from projections import operating

    while not stop.is_set():
        operating.work(seconds=0.5)


def _follow(stop: Any) -> None:
    from projections import runner

    while not stop.is_set():
        runner.follow(seconds=0.5)
