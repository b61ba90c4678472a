"""PostgreSQL: how full, how busy, what is open too long, whether vacuum keeps up."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connections
from psycopg.rows import dict_row

from eventstore import counted
from monitoring.system.findings import Finding, State

CONNECT_S = 2
# Of each statement; milliseconds.
STATEMENT_MS = 2000
# A transaction that is open so long keeps vacuum from its work; seconds.
LONG_S, TOO_LONG_S = 60, 600
# Shares of max_connections.
MANY, TOO_MANY = 0.8, 0.95
# Transactions since the oldest row was frozen. Vacuum begins at 200 million; at 2,100
# million the server refuses to write.
OLD_XIDS, TOO_OLD_XIDS = 500_000_000, 1_500_000_000
# Dead rows: what autovacuum lets be by its defaults (a fifth), twice, and a floor.
DEAD_SHARE, DEAD_FLOOR = 0.4, 10_000
REPLAY_S = 5

SERVER = """
SELECT current_setting('server_version') AS version,
       pg_postmaster_start_time() AS up_since,
       pg_database_size(current_database()) AS size,
       (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')
           AS connections,
       current_setting('max_connections')::int AS max_connections,
       age(b.datfrozenxid) AS xids,
       s.deadlocks,
       s.xact_rollback AS rollbacks,
       s.stats_reset,
       pg_is_in_recovery() AS is_replica,
       extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())
           AS replayed_s,
       pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() AS has_replayed_all
FROM pg_database b
JOIN pg_stat_database s ON s.datid = b.oid
WHERE b.datname = current_database()
"""
OLDEST = """
SELECT extract(epoch FROM clock_timestamp() - xact_start) AS seconds,
       application_name AS application, state, pid
FROM pg_stat_activity
WHERE backend_type = 'client backend'
  AND datname = current_database()
  AND pid <> pg_backend_pid()
  AND xact_start IS NOT NULL
ORDER BY xact_start
LIMIT 1
"""
PREPARED = """
SELECT count(*) AS number,
       extract(epoch FROM clock_timestamp() - min(prepared)) AS seconds
FROM pg_prepared_xacts
WHERE database = current_database()
"""
EVENTS = """
SELECT pg_total_relation_size(c.oid) AS size, c.reltuples::bigint AS rows,
       coalesce(nullif(a.attcompression::text, ''),
                left(current_setting('default_toast_compression'), 1)) AS compression
FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'data'
WHERE c.oid = to_regclass('public.eventstore_event')
"""
VACUUM = """
SELECT relname AS table, n_live_tup AS live, n_dead_tup AS dead,
       greatest(last_autovacuum, last_vacuum) AS vacuumed_at
FROM pg_stat_user_tables
ORDER BY n_dead_tup DESC
LIMIT 1
"""
REPLICAS = """
SELECT coalesce(nullif(application_name, ''), client_addr::text, 'a replica') AS name,
       state, coalesce(extract(epoch FROM replay_lag), 0) AS seconds
FROM pg_stat_replication
ORDER BY 1
"""

Row = dict[str, Any]


def look(alias: str) -> list[Finding]:
    """Of the server behind a database alias. Raises what psycopg raises."""
    with _asking(alias) as ask:
        (server,) = ask(SERVER)
        found = [*_server(server), *_open(ask(OLDEST), *ask(PREPARED))]
        if alias == "default":
            found += [each for row in ask(EVENTS) for each in _events(row)]
        if not server["is_replica"]:
            found += [_vacuum(row) for row in ask(VACUUM)]
            found += [_replica(row) for row in ask(REPLICAS)]
        return found


@contextmanager
def _asking(alias: str) -> Iterator[Any]:
    """A connection of its own: the request's may be in a transaction, or gone."""
    parameters = connections[alias].get_connection_params()
    parameters |= {"connect_timeout": CONNECT_S, "cursor_factory": psycopg.Cursor}
    with (
        psycopg.connect(**parameters, autocommit=True, row_factory=dict_row) as server,
        server.transaction(),
    ):
        server.execute(f"SET LOCAL statement_timeout = {STATEMENT_MS}")
        yield lambda sql: server.execute(sql).fetchall()


def _graded(value: float, careful: float, bad: float) -> State:
    return "bad" if value >= bad else "careful" if value >= careful else "good"


def _server(row: Row) -> Iterator[Finding]:
    yield Finding(name="version", value=row["version"])
    yield Finding(name="up since", value=row["up_since"])
    yield Finding(name="size of the database", value=row["size"], unit="bytes")
    yield _connections(row["connections"], row["max_connections"])
    yield _xids(row["xids"])
    yield Finding(name="deadlocks", value=row["deadlocks"])
    yield Finding(name="rollbacks", value=row["rollbacks"])
    if row["is_replica"]:
        behind = 0.0 if row["has_replayed_all"] else float(row["replayed_s"] or 0)
        yield _behind("replay", behind, "This replica")


def _connections(used: int, most: int) -> Finding:
    state = _graded(used / most, MANY, TOO_MANY)
    said = (
        ""
        if state == "good"
        else "When there are no more, requests fail: pool them, or raise the limit."
    )
    return Finding(
        name="connections", value=used, unit=f"of {most}", state=state, sentence=said
    )


def _xids(age: int) -> Finding:
    state = _graded(age, OLD_XIDS, TOO_OLD_XIDS)
    said = "" if state == "good" else "Vacuum does not freeze: at 2,100,000,000 writing"
    return Finding(
        name="age of the oldest transaction id",
        value=age,
        unit="transactions",
        state=state,
        sentence=f"{said} stops." if said else "",
    )


def _open(oldest: list[Row], prepared: Row) -> Iterator[Finding]:
    for row in oldest:
        seconds = round(float(row["seconds"]), 1)
        yield Finding(
            name="oldest transaction",
            value=seconds,
            unit="s",
            state=_graded(seconds, LONG_S, TOO_LONG_S),
            sentence=f"Of {row['application'] or 'a nameless client'}, pid {row['pid']}"
            f", {row['state'] or 'of unknown state'}.",
        )
    if not oldest:
        yield Finding(name="oldest transaction", value="none")
    number = prepared["number"]
    said = ""
    if number:
        waits = counted.span(float(prepared["seconds"]))
        said = f"The oldest waits for {waits}: commit or roll it back."
    yield Finding(
        name="prepared transactions",
        value=number,
        state="careful" if number else "good",
        sentence=said,
    )


def _events(row: Row) -> Iterator[Finding]:
    yield Finding(name="size of the event table", value=row["size"], unit="bytes")
    # -1 until the table was analysed for the first time.
    rows = row["rows"] if row["rows"] >= 0 else "not known yet"
    yield Finding(name="events, estimated", value=rows)
    is_lz4 = row["compression"] == "l"
    yield Finding(
        name="compression of events",
        value="lz4" if is_lz4 else "pglz",
        sentence=""
        if is_lz4
        else "This server was built without lz4, which is faster.",
    )


def _vacuum(row: Row) -> Finding:
    most = max(DEAD_FLOOR, DEAD_SHARE * row["live"])
    is_late = row["dead"] > most
    at = row["vacuumed_at"]
    since = f"last vacuum {at.isoformat(timespec='seconds')}" if at else "no vacuum yet"
    return Finding(
        name="most dead rows",
        value=row["dead"],
        unit="rows",
        state="careful" if is_late else "good",
        sentence=f"{row['table']} beside {row['live']:,} live ones, {since}."
        + (" Autovacuum does not keep up." if is_late else ""),
    )


def _replica(row: Row) -> Finding:
    return _behind(f"replica {row['name']}", float(row["seconds"]), "It")


def _behind(name: str, seconds: float, who: str) -> Finding:
    return Finding(
        name=name,
        value=round(seconds, 1),
        unit="s behind",
        state="careful" if seconds > REPLAY_S else "good",
        sentence=f"{who} is {counted.span(seconds)} behind." if seconds else "",
    )
