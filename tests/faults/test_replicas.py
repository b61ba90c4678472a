"""Queries that a real streaming replica answers: paused, killed, in a swap's way."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from signal import SIGQUIT
from typing import Any

import psycopg
import pytest
from django.db import connections
from pytest_django import DjangoDbBlocker

from cqrs_site import configuration
from cqrs_site.embedded import postmaster, processes
from projections import replicas
from tests.faults import servers_of_our_own
from tests.faults.servers_of_our_own import OwnServer
from tests.integration.eventstore import sessions
from tests.integration.orders.reading import ORDERS, Reader, project
from tests.integration.orders.shop import Shop

ALIAS = "replica_0"
ROUNDS = 40
SERVER = ("NAME", "USER", "PASSWORD", "HOST", "PORT")
LEVEL = "SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn"


class Replica:
    """Of the server that our aliases lead to; `answers`: how many statements it did."""

    def __init__(self, url: str, superuser_url: str, data: Path) -> None:
        self.data, self.answers = data, 0
        self.session = psycopg.connect(superuser_url, autocommit=True)
        self.url = url

    def pause(self) -> None:
        self.session.execute("SELECT pg_wal_replay_pause()")

    def resume(self) -> None:
        self.session.execute("SELECT pg_wal_replay_resume()")

    def catch_up(self) -> None:
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT pg_current_wal_lsn()::text")
            (end,) = cursor.fetchone()
        sessions.wait_until(
            lambda: self.session.execute(LEVEL, [end]).fetchone() == (True,)
        )

    def kill(self) -> None:
        self.session.close()
        running = postmaster.of(self.data)
        assert running
        assert processes.end(running.pid, signals=[(SIGQUIT, 20)])

    def count(self, execute: Any, sql: Any, *rest: Any) -> Any:
        done = execute(sql, *rest)
        self.answers += 1
        return done


@pytest.fixture
def replica(
    database: None,
    servers_folder: Path,
    django_db_blocker: DjangoDbBlocker,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Replica]:
    """Our database aliases lead to a server of its own, which it is a replica of."""
    settings.CQRS = configuration.load(
        str(settings.BASE_DIR / "cqrs.yaml"),
        environ={"CQRS__QUERY_SIDE__REPLICA_MAX_LAG_S": "1"},
    )
    monkeypatch.setattr(replicas, "_known", replicas._Known())
    server = OwnServer(servers_folder, f"replicated-{time.monotonic_ns()}")
    aliases = ("default", "read")
    before = {alias: dict(connections.settings[alias]) for alias in aliases}
    try:
        server.manage("migrate", "--verbosity=0")
        for alias in aliases:
            connections[alias].close()
            own = connections.settings[server.alias]
            connections.settings[alias].update({key: own[key] for key in SERVER})
        with server.standby(ALIAS) as url:
            superuser = server.superuser_url.rpartition(":")[0]
            port = url.rpartition(":")[2]
            found = Replica(url, f"{superuser}:{port}", server.folder.with_name(ALIAS))
            with connections[ALIAS].execute_wrapper(found.count):
                yield found
            found.session.close()
        servers_of_our_own.remove(found.data)
    finally:
        for alias in aliases:
            connections[alias].close()
            connections.settings[alias].update(before[alias])
        server.stop()


def test_it_shows_each_write_to_who_demands_it_however_the_replica_lags(
    replica: Replica,
) -> None:
    shop, reader = Shop(), Reader()
    reads = {"paused": 0, "level": 0}
    for number in range(ROUNDS):
        state = "paused" if number % 4 > 1 else "level"
        replica.resume() if state == "level" else replica.pause()
        order_id = shop.place()
        confirmed = shop.change(order_id, "confirm")
        project()
        if state == "level":
            replica.catch_up()
        before = replica.answers
        headers = {"Consistency_Token": confirmed["Consistency-Token"]}
        answer = reader.order(order_id, **headers)
        assert (answer.status_code, answer.json()["version"]) == (200, 2), state
        listed = reader.get(ORDERS, {"customer_id": "customer-1"}, **headers).json()
        assert listed["data"][0]["order_id"] == order_id
        assert listed["data"][0]["status"] == "confirmed"
        reads[state] += replica.answers - before
    replica.resume()
    # What was level answered; what was paused was asked for its position alone.
    assert reads["level"] > ROUNDS
    assert reads["paused"] <= ROUNDS


def test_it_leaves_out_a_replica_that_lags(replica: Replica) -> None:
    shop, reader = Shop(), Reader()
    shop.place()
    project()
    replica.catch_up()
    before = replica.answers
    assert len(reader.found()) == 1
    assert replica.answers > before + 1
    replica.pause()
    order_id = shop.place()
    project()
    written = time.monotonic()
    sessions.wait_until(lambda: order_id in reader.found())
    assert time.monotonic() - written < 1 + replicas.LOOK_S + 2
    assert all(order_id in reader.found() for _ in range(20))
    replica.resume()
    replica.catch_up()
    before = replica.answers
    assert order_id in reader.found()
    assert replica.answers > before + 1


def test_it_finds_a_new_order_that_the_replica_lacks(replica: Replica) -> None:
    shop, reader = Shop(), Reader()
    known = shop.place()
    project()
    replica.catch_up()
    assert reader.order(known).status_code == 200
    replica.pause()
    order_id = shop.place()
    project()
    assert reader.order(order_id).status_code == 200
    replica.resume()


def test_it_answers_when_a_replica_is_killed(replica: Replica) -> None:
    shop, reader = Shop(), Reader()
    order_id = shop.place()
    project()
    replica.catch_up()
    assert reader.found() == [order_id]
    assert replica.answers > 1
    replica.kill()
    for _ in range(20):
        assert reader.order(order_id).status_code == 200
        assert reader.found() == [order_id]


def test_it_asks_the_primary_when_the_replica_cancels_it(replica: Replica) -> None:
    """A swap takes ACCESS EXCLUSIVE locks, which the replica replays."""
    shop, reader = Shop(), Reader()
    order_id = shop.place()
    project()
    replica.catch_up()
    with (replica.data / "postgresql.auto.conf").open("a") as file:
        file.write("max_standby_streaming_delay = 0\n")
    replica.session.execute("SELECT pg_reload_conf()")
    cancelled: list[Any] = []
    hold = "SELECT pg_sleep(4) FROM (SELECT FROM orders_order_summary LIMIT 1) some_row"

    def slow(execute: Any, sql: Any, *rest: Any) -> Any:
        if "orders_order_summary" in sql and hold not in sql:
            with connections[ALIAS].cursor() as cursor:
                try:
                    cursor.execute(hold)
                except Exception as error:
                    cancelled.append(error.__cause__)
                    raise
        return execute(sql, *rest)

    with connections[ALIAS].execute_wrapper(slow), ThreadPoolExecutor(1) as pool:
        swap = pool.submit(_lock_soon)
        assert reader.found() == [order_id]
        swap.result()
    assert [each.sqlstate for each in cancelled] == ["40001"]


def _lock_soon() -> None:
    time.sleep(1)
    with sessions.opened() as open_session:
        settings = connections.settings["read"]
        url = "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**settings)
        session = open_session(url)
        session.execute("LOCK TABLE orders_order_summary IN ACCESS EXCLUSIVE MODE")
        session.execute("SELECT pg_current_xact_id()")
        session.commit()
