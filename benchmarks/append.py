"""Events appended a second: one event a commit, by 1 and by 8 writers."""

import time
from collections.abc import Callable

from benchmarks import processes


def measure(seconds: float) -> dict[str, float]:
    figures = {}
    for writers in (1, 8):
        done = processes.run(_append, writers, seconds)
        figures[f"events appended/s, {writers} writers"] = processes.rate(done)
    for clients in (1, 8):
        done = processes.run(_place, clients, seconds)
        figures[f"orders placed/s, {clients} callers"] = processes.rate(done)
    return figures


def _append(start: Callable[[], None], seconds: float) -> tuple[int, float]:
    from benchmarks import orders
    from eventstore import ids, store
    from orders import streams as order_streams

    new = []
    for _ in range(int(seconds * 4000)):
        order_id = ids.uuid7()
        new.append((order_streams.ORDER.stream(order_id), orders.placed(order_id)))
    start()
    goes_on, began, count = processes.until(seconds), time.monotonic(), 0
    while goes_on() and count < len(new):
        stream, events = new[count]
        store.append(stream, events, expected_version=0)
        count += 1
    return count, time.monotonic() - began


def _place(start: Callable[[], None], seconds: float) -> tuple[int, float]:
    from benchmarks import orders

    orders.place()
    start()
    goes_on, began, count = processes.until(seconds), time.monotonic(), 0
    while goes_on():
        orders.place()
        count += 1
    return count, time.monotonic() - began
