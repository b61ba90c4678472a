"""How the queries of a request read: from which server, each statement bounded in time.

Nothing is kept on the connection, where PgBouncer may give each transaction another
one: the bound goes along with the statement, in one round trip, and ends with it.
"""

import threading
from typing import Any

from django.conf import settings
from django.core.signals import request_finished, request_started
from django.db import DatabaseError, InterfaceError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from api.problems import Problem

# Several statements in one message are one transaction, so LOCAL ends with them. The
# time-out counts for each statement of its own.
BOUND = "SET LOCAL statement_timeout = {}; "
CANCELLED = "57014"  # SQLSTATE query_canceled
RETRY_S = 5


PRIMARY = "read"


class _Request(threading.local):
    """What this thread's request does. left: a replica, for the primary."""

    reads = False
    alias = PRIMARY
    left = False
    told = False


_request = _Request()


def install() -> None:
    """For all connections and requests of this process from now on."""
    connection_created.connect(_watch, dispatch_uid="reading")
    for signal in (request_started, request_finished):
        signal.connect(_end, dispatch_uid="reading")


def begin() -> None:
    """This request is a query: until it ends, and its answer is sent, its statements
    are bounded by `query_side.statement_timeout_ms`. One that is not done by then
    raises Problem 503 `query-too-slow`.
    """
    _request.reads = True


def alias() -> str:
    """The database that read tables and checkpoints are read from, in this request."""
    return _request.alias


def read_from(alias: str) -> None:
    """Until the request ends: everything that it still reads of the read side."""
    _request.alias = alias


def may_use_replicas() -> bool:
    return not _request.left


def leave_replica() -> None:
    """What a replica said is not to be the answer: the primary has the last word."""
    if _request.alias != PRIMARY:
        _request.alias, _request.left = PRIMARY, True


def has_left_replica() -> bool:
    """Whether the request is to be answered anew, by the primary; told once."""
    if not _request.left or _request.told:
        return False
    _request.told = True
    return True


def too_slow() -> Problem:
    """503: this query asks for more than the database can find in time."""
    limit = settings.CQRS.query_side.statement_timeout_ms
    return Problem(
        status=503,
        code="query-too-slow",
        detail=f"The query needs more than {limit} ms "
        "(query_side.statement_timeout_ms). Narrow it: fewer filters at once, rarer "
        "values, a shorter time.",
        headers={"Retry-After": str(RETRY_S)},
    )


def _end(**kwargs: Any) -> None:
    _request.reads = _request.left = _request.told = False
    _request.alias = PRIMARY


def _watch(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    # At the front: whoever adds one for a while takes the last one off again.
    if _bounded not in connection.execute_wrappers:
        connection.execute_wrappers.insert(0, _bounded)


def _bounded(
    execute: Any, sql: Any, params: Any, many: bool, context: dict[str, Any]
) -> Any:
    if not _request.reads or many or not isinstance(sql, str):
        return execute(sql, params, many, context)
    bound = BOUND.format(settings.CQRS.query_side.statement_timeout_ms)
    try:
        done = execute(bound + sql, params, many, context)
    except (DatabaseError, InterfaceError) as error:
        if getattr(error.__cause__, "sqlstate", None) == CANCELLED:
            raise too_slow() from error
        if context["connection"].alias == _request.alias:
            leave_replica()
        raise
    context["cursor"].nextset()  # from what SET says to what was asked for
    return done
