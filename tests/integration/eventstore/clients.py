"""Clients at once: threads with connections of their own, let go together."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import connections

Answer = TypeVar("Answer")


def together(count: int, work: Callable[[int], Answer]) -> list[Answer | Exception]:
    """What each of `count` clients got from work(index): an answer or its error."""
    start = threading.Barrier(count)

    def client(index: int) -> Answer | Exception:
        try:
            connections["default"].ensure_connection()
            start.wait(timeout=20)
            return work(index)
        except Exception as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(client, range(count)))


class Beside:
    """A client at work beside the test; `result()` is its answer, or raises its error.

    pid: of its backend.
    """

    def __init__(self, work: Callable[[], object], *, using: str = "default") -> None:
        self._threads = ThreadPoolExecutor(1)
        self.pid = self._threads.submit(_backend_pid, using).result()
        self._future = self._threads.submit(work)
        self._closed = self._threads.submit(connections.close_all)

    def result(self) -> object:
        try:
            self._closed.result(timeout=20)
            return self._future.result()
        finally:
            self._threads.shutdown()


def _backend_pid(using: str) -> int:
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]
