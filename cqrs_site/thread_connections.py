"""Closes a thread's database connections when the thread ends.

The web server ends threads that have nothing to do and starts others later. Django's
side of a connection is part of reference cycles, so the connections of a thread that
is gone stayed open until the garbage collector came by: twice as many as threads, seen
under load. With this a web process has at most one a thread to each database.
"""

import threading
from typing import Any

import psycopg
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created


class _Ending:
    """Goes with its thread, as whatever a thread-local refers to."""

    def __init__(self) -> None:
        self.opened: dict[str, psycopg.Connection[Any]] = {}

    def __del__(self) -> None:
        for each in self.opened.values():
            each.close()


class _Thread(threading.local):
    def __init__(self) -> None:
        self.ending = _Ending()


_thread = _Thread()


def close_with_their_threads() -> None:
    """From now on, in this process."""
    connection_created.connect(_remember, dispatch_uid="thread_connections")


def _remember(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    _thread.ending.opened[connection.alias] = connection.connection
