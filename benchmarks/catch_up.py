"""Events a second that one worker folds while it catches up, over all projections."""

import time

EVENTS = 10_000


def measure(seconds: float) -> dict[str, float]:
    from benchmarks import orders
    from eventstore import ids, store
    from eventstore.store import StreamAppend
    from orders import streams
    from projections import registry

    _project()
    for _ in range(EVENTS // 500):
        appends = []
        for _ in range(500):
            order_id = ids.uuid7()
            appends.append(
                StreamAppend(streams.ORDER.stream(order_id), 0, orders.placed(order_id))
            )
        store.append_many(appends)
    began = time.monotonic()
    _project()
    took = time.monotonic() - began
    each = len(registry.all()) * EVENTS / took
    return {"rows folded/s catching up, 1 worker": each}


def _project() -> None:
    from projections import runner

    while runner.run_round(worker="benchmark").advanced:
        pass
