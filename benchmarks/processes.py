"""Several processes that measure at once."""

import multiprocessing
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


def run(work: Callable[..., Any], count: int, *arguments: Any) -> list[Any]:
    """What `work(start, *arguments)` returned in each of `count` processes.

    They are started beforehand and begin together: start() blocks until all are ready.
    """
    context = multiprocessing.get_context("spawn")
    with context.Manager() as manager:
        barrier = manager.Barrier(count)
        with context.Pool(count, initializer=_set_up) as pool:
            jobs = [
                pool.apply_async(work, (barrier.wait, *arguments)) for _ in range(count)
            ]
            return [job.get() for job in jobs]


@contextmanager
def beside(work: Callable[[Any], None]) -> Iterator[None]:
    """Runs `work(stop)` in a process of its own until the block ends: stop is set."""
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    process = context.Process(target=_begin, args=(work, stop))
    process.start()
    try:
        yield
    finally:
        stop.set()
        process.join()


def _begin(work: Callable[[Any], None], stop: Any) -> None:
    _set_up()
    work(stop)


def _set_up() -> None:
    import django

    django.setup()


def rate(done: list[tuple[int, float]]) -> float:
    """Things a second of processes that each did `n` in `seconds`."""
    return sum(count / seconds for count, seconds in done)


def until(seconds: float) -> Callable[[], bool]:
    ends = time.monotonic() + seconds
    return lambda: time.monotonic() < ends
