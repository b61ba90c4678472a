"""In a web process few wait for a server that is away: the others are told at once.

A host that vanished keeps a new connection waiting for connect_timeout (5 s). Were it
tried by every request, all threads would hang, also for orders that the cache has.
"""

import threading
from typing import Any

import psycopg
from django.db.backends.postgresql import base

from eventstore.breaker import Breaker

REST_S = 1.0
# Above connect_timeout: one thread tries at a time.
TRIAL_S = 6.0

_lock = threading.Lock()
# By host and port; None: every connection is tried, as workers and commands want it.
_breakers: dict[tuple[Any, Any], Breaker] | None = None


def break_after_failures() -> None:
    """From now on, in this process."""
    global _breakers
    _breakers = {}


class DatabaseWrapper(base.DatabaseWrapper):
    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        breaker = _breaker_of(conn_params)
        if breaker is None:
            return super().get_new_connection(conn_params)
        if not breaker.may_try():
            raise psycopg.OperationalError("the server was away a moment ago")
        try:
            connection = super().get_new_connection(conn_params)
        except psycopg.OperationalError as error:
            # A server that refuses by itself is there, and quick: too many connections.
            if "FATAL" in str(error):
                breaker.worked()
            else:
                breaker.failed()
            raise
        breaker.worked()
        return connection


def _breaker_of(conn_params: dict[str, Any]) -> Breaker | None:
    if _breakers is None:
        return None
    server = conn_params.get("host"), conn_params.get("port")
    with _lock:
        if server not in _breakers:
            _breakers[server] = Breaker(rest_s=REST_S, trial_s=TRIAL_S)
        return _breakers[server]
