"""From a command over HTTP to an answer from a read table, with real processes."""

import json
import time
from typing import Any

import pytest

from tests.acceptance.client import Client
from tests.acceptance.system import System, until

QUERIES = "/api/v1/queries/orders"
# A command may not wait for a Redis that is away; the hint gives up after 50 ms and
# other work of a busy machine is allowed for. Seconds.
UNHINDERED_S = 2.0


def lags(system: System) -> list[int]:
    found = system.get("/health/projections").body["projections"]
    return [each["lag_events"] for each in found]


def reactors(system: System) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(system.manage("reactor", "list", "--json"))
    return found


@pytest.mark.parametrize("pool", ["prefork", "threads"])
def test_it_reads_back_what_was_placed(system: System, pool: str) -> None:
    system.start(pool=pool)
    client = Client(system)
    for _ in range(20):
        placed = client.place()
        token = placed.headers["Consistency-Token"]
        order = client.read(placed.headers["Location"], Consistency_Token=token)
        assert order.status == 200, order.body
        assert order.body["total"] == "50.00"
        assert int(order.headers["Read-Position"]) >= placed.body["position"]
        listed = client.read(f"{QUERIES}?limit=1", Consistency_Token=token)
        assert listed.body["data"][0]["order_id"] == placed.body["order_id"]


def test_it_loses_nothing_while_redis_is_away(system: System) -> None:
    system.start()
    client = Client(system)
    first = client.place()
    token = first.headers["Consistency-Token"]
    assert client.read(first.headers["Location"], Consistency_Token=token).status == 200
    system.stop_redis()
    placed = [client.place() for _ in range(20)]
    assert max(each.seconds for each in placed) < UNHINDERED_S
    answer = client.read(first.headers["Location"])
    assert (answer.status, answer.body["status"]) == (200, "pending")
    assert answer.seconds < UNHINDERED_S
    degraded = system.get("/health/ready")
    assert degraded.status == 200
    assert degraded.body["status"] == "degraded"
    assert degraded.body["reasons"][0].startswith("redis: ")
    system.start_redis()
    until(lambda: set(lags(system)) == {0}, seconds=60)
    for each in placed:
        assert client.read(each.headers["Location"]).status == 200


def test_it_goes_on_within_ten_seconds_after_a_worker_was_killed(
    system: System,
) -> None:
    system.start()
    system.start_worker()
    client = Client(system)
    client.place()
    until(lambda: set(lags(system)) == {0})
    worker = system.processes[1]
    worker.kill()
    worker.wait()
    client.place()
    began = time.monotonic()
    until(lambda: set(lags(system)) == {0}, seconds=10)
    assert time.monotonic() - began < 10


def test_it_refunds_a_cancelled_order_by_itself(system: System) -> None:
    system.start()
    system.start_worker(queue="operations")
    client = Client(system)
    until(lambda: {each["state"] for each in reactors(system)} == {"running"})
    placed = client.place()
    order = placed.body["order_id"]
    paid = {"amount": "50.00", "method": "card", "reference": "1"}
    client.change(order, "capture-payment", paid)
    client.change(order, "cancel", {"reason": "changed my mind"})
    url = placed.headers["Location"]
    until(lambda: client.read(url).body.get("payment_status") == "refunded")
    (refund,) = client.read(url).body["refunds"]
    assert (refund["amount"], refund["reason"]) == ("50.00", "order cancelled")


def test_it_is_not_ready_before_the_migrations(system: System) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM django_migrations WHERE app = 'orders' "
            "RETURNING app, name, applied"
        )
        done = cursor.fetchall()
    try:
        system.run(
            *("granian", "--interface=wsgi", f"--port={system.port}"),
            "cqrs_site.wsgi:application",
        )
        system.start_redis()
        until(lambda: system.get("/health/live").status == 200)
        answer = system.get("/health/ready")
        assert answer.status == 503
        assert "migrations are pending" in answer.body["reasons"][0]
    finally:
        with connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO django_migrations (app, name, applied) "
                "VALUES (%s, %s, %s)",
                done,
            )
