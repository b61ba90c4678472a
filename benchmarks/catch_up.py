"""Events a second that one worker folds while it catches up, over all projections.

Side by side: all projections share each read and decoding of the log, or each of them
reads for itself.
"""

import time
from collections.abc import Sequence
from typing import Any

EVENTS = 10_000


def measure(seconds: float) -> dict[str, float]:
    from projections import registry, runner

    class Alone(runner.Windows):
        """Reads anew for every partition."""

        def of(self, checkpoint: Any, limit: int) -> Sequence[Any]:
            self.read.clear()
            return super().of(checkpoint, limit)

    project()
    shared, alone = _catch_up(runner.Windows), _catch_up(Alone)
    count = len(registry.all()) * EVENTS
    return {
        "rows folded/s catching up, 1 worker": count / shared,
        "rows folded/s, each projection reading alone": count / alone,
        "shared reads, times as fast": alone / shared,
    }


def _catch_up(windows: type[Any]) -> float:
    """Seconds that one worker takes for new orders, with that way of reading."""
    from projections import runner

    append()
    before, runner.Windows = runner.Windows, windows  # type: ignore[misc]
    try:
        began = time.monotonic()
        project()
        return time.monotonic() - began
    finally:
        runner.Windows = before  # type: ignore[misc]


def append() -> None:
    from benchmarks import orders
    from eventstore import ids, store
    from eventstore.store import StreamAppend
    from orders import streams

    for _ in range(EVENTS // 500):
        appends = []
        for _ in range(500):
            order_id = ids.uuid7()
            appends.append(
                StreamAppend(streams.ORDER.stream(order_id), 0, orders.placed(order_id))
            )
        store.append_many(appends)


def project() -> None:
    from projections import runner

    while runner.run_round(worker="benchmark").advanced:
        pass
