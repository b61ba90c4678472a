"""Looks at several servers at once, and waits for none longer than it may.

A server that was stopped takes connections and says nothing, and neither psycopg nor
kombu gives up by itself then. What does not come back in time is left to its thread;
while that hangs, nobody else looks at the same part.
"""

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait

from django.db import connections

from monitoring.system import findings
from monitoring.system.findings import Finding

Look = Callable[[], list[Finding]]

_lock = threading.Lock()
_under_way: dict[str, Future[list[Finding]]] = {}


def all(looks: Mapping[str, Look], *, seconds: float) -> dict[str, list[Finding]]:
    """What each found, after `seconds` at most; a sentence for what failed or hangs."""
    begun = {name: _begin(name, look) for name, look in looks.items()}
    wait(begun.values(), timeout=seconds)
    return {name: _result(future, seconds) for name, future in begun.items()}


def _result(future: Future[list[Finding]], seconds: float) -> list[Finding]:
    if not future.done():
        return findings.away("answer", f"It does not answer within {seconds:g} s.")
    if error := future.exception():
        said = str(error).strip() or repr(error)
        return findings.away("answer", f"It cannot be asked: {said.splitlines()[0]}")
    return future.result()


def _begin(name: str, look: Look) -> Future[list[Finding]]:
    with _lock:
        running = _under_way.get(name)
        if running and not running.done():
            return running
        future = _under_way[name] = Future()
    threading.Thread(target=_run, args=(future, look), daemon=True).start()
    return future


def _run(future: Future[list[Finding]], look: Look) -> None:
    try:
        future.set_result(look())
    except Exception as error:  # whatever a client library raises: shown, not hidden
        future.set_exception(error)
    finally:
        connections.close_all()
