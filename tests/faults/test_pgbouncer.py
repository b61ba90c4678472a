"""Everything through PgBouncer in transaction mode: no promise needs a session."""

import json
import os
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from random import Random

import pytest
from django.contrib.auth.models import Permission
from django.db import connections, transaction
from django.utils import timezone

from eventstore import store
from projections import checkpoints, control, runner, status
from projections.models import AuditEntry, DeadLetter
from tests import cleaning
from tests.faults import independent_fold, nursery
from tests.faults.pgbouncer import SERVER_CONNECTIONS
from tests.integration.eventstore import sessions
from tests.integration.orders.reading import Reader, project
from tests.integration.orders.shop import ORDERS, Shop, order, stored_events
from tests.integration.projections import accounts, rebuilds
from tests.integration.projections.accounts import NAME, earn, points
from tests.loyalty.projections.balance import LoyaltyBalance

NAMES = ("order_summary", "order_detail")
KILLS, FOLLOWERS, CLIENTS = 12, 2, 8
# What one client would leave in a server connection for the next one. PgBouncer keeps
# those few settings apart that every client has a value of; the transaction's own are
# marked as set in the session, though the next transaction has the defaults again.
LEFT = """
SELECT 'setting ' || name FROM pg_settings
WHERE source = 'session' AND name NOT IN
    ('client_encoding', 'DateStyle', 'TimeZone', 'standard_conforming_strings',
     'application_name', 'transaction_isolation', 'transaction_read_only')
UNION ALL SELECT 'isolation' WHERE current_setting('transaction_isolation')
    <> 'read committed' OR current_setting('transaction_read_only') <> 'off'
UNION ALL SELECT 'prepared ' || statement FROM pg_prepared_statements
UNION ALL SELECT 'cursor ' || statement FROM pg_cursors WHERE is_holdable
UNION ALL SELECT 'channel ' || pg_listening_channels()
UNION ALL SELECT 'lock ' || objid FROM pg_locks
    WHERE pid = pg_backend_pid() AND locktype = 'advisory'
UNION ALL SELECT 'temporary tables' WHERE pg_my_temp_schema() <> 0
"""


def left_behind(url: str) -> list[str]:
    """What is left in the server connections, all of them taken at once."""
    found = []
    with ExitStack() as stack:
        pids = set()
        for _ in range(SERVER_CONNECTIONS):
            session = stack.enter_context(sessions.Session.connect(url))
            found += [text for (text,) in session.execute(LEFT).fetchall()]
            pids.add(session.value("SELECT pg_backend_pid()"))
        assert len(pids) == SERVER_CONNECTIONS
    return found


@pytest.fixture
def pooled(through_pgbouncer):
    """At the end nothing is left in any server connection."""
    yield through_pgbouncer
    cleaning.close_connections()  # of a test that failed in a transaction
    for each in through_pgbouncer.values():
        assert left_behind(each.url) == []


def test_it_keeps_the_tables_right_while_workers_are_killed(
    pooled_environment, poolers, seed, tmp_path
):
    numbers, result, stop = Random(seed), tmp_path / "importer", tmp_path / "stop"
    with nursery.opened(pooled_environment) as children:
        importer = children.start(
            "importer", seed=seed, stop=str(stop), result=str(result)
        )
        followers = [children.start("follower") for _ in range(FOLLOWERS)]
        for _ in range(KILLS):
            time.sleep(numbers.uniform(0, 0.5))  # when the next one dies
            victim = followers.pop(numbers.randrange(FOLLOWERS))
            os.kill(victim, signal.SIGKILL)
            followers.append(children.start("follower"))
        stop.touch()
        sessions.wait_until(lambda: not nursery.runs(importer), seconds=60)
        sessions.wait_until(_caught_up, seconds=60)
    appended = json.loads(result.read_text())["appended"]
    _expect_independent_fold(appended)
    for each in {*poolers.values()}:
        assert left_behind(each.url) == []
        (pool,) = [p for p in each.show("POOLS") if p["database"] != "pgbouncer"]
        assert pool["pool_mode"] == "transaction"
        assert len(each.show("SERVERS")) == SERVER_CONNECTIONS
    sys.stdout.write(f"{appended} events, {KILLS} kills, through PgBouncer\n")


def test_it_takes_commands_of_more_clients_than_it_has_servers(pooled):
    shop, reader = Shop(), Reader()

    def client(number: int) -> list[str]:
        try:
            placed = [shop.place(customer_id=f"c-{number}") for _ in range(5)]
            confirmed = [shop.change(each, "confirm") for each in placed]
            assert {each.status_code for each in confirmed} == {200}
            return placed
        finally:
            connections.close_all()

    with ThreadPoolExecutor(CLIENTS) as clients:
        placed = [id for ids in clients.map(client, range(CLIENTS)) for id in ids]
    while runner.run_round(worker="tests").advanced:
        pass
    assert {reader.order(each).json()["status"] for each in placed} == {"confirmed"}
    _expect_independent_fold(2 * len(placed))


def test_it_answers_a_request_with_a_key_once(pooled):
    """Neither the lock on a key nor anything else stays in a server connection."""
    shop = Shop()

    def client(number: int) -> list[tuple[int, bytes]]:
        try:
            found = []
            while len(found) < 5:
                key = f"k-{len(found)}"
                each = shop.post(ORDERS, order(), Idempotency_Key=key)
                if each.status_code != 409:
                    found.append((each.status_code, each.content))
            return found
        finally:
            connections.close_all()

    with ThreadPoolExecutor(CLIENTS) as clients:
        first, *others = list(clients.map(client, range(CLIENTS)))
    assert {status for status, _ in first} == {201}
    assert others == [first] * (CLIENTS - 1)
    assert stored_events() == 5


def test_it_parks_retries_and_pauses(pooled, monkeypatch):
    def failing(self, rows, event):
        fold(self, rows, event)
        if getattr(event.data, "points", None) == 3:
            raise ValueError("three")

    fold = LoyaltyBalance.fold
    monkeypatch.setattr(LoyaltyBalance, "fold", failing)
    for id in ("1", "2"):
        accounts.open_account(id)
    for each in (10, 3, 5):
        earn(each)
    earn(7, id="2")
    accounts.follow()
    assert (points("1"), points("2"), status.of(NAME).dead_letters) == (10, 7, 1)
    monkeypatch.setattr(LoyaltyBalance, "fold", fold)
    DeadLetter.objects.update(next_attempt_at=timezone.now())
    monkeypatch.setattr(runner, "HELD_LOOK_S", 0)
    accounts.follow()
    assert (points("1"), status.of(NAME).dead_letters) == (18, 0)
    control.pause(NAME, actor=accounts.ADA, reason="tests")
    earn(1)
    accounts.follow()
    assert (points("1"), status.of(NAME).state) == (18, "paused")
    control.resume(NAME, actor=accounts.ADA, reason="tests")
    accounts.follow()
    assert points("1") == 19


def test_it_rebuilds_compares_and_swaps(pooled):
    accounts.open_account()
    earn(10)
    accounts.follow()
    before = accounts.rows()
    operation = rebuilds.rebuild()
    assert operation.result["comparison"]["tables"]["loyalty_balance"]["differing"] == 0
    assert accounts.rows() == before
    rebuilds.roll_back()
    assert accounts.rows() == before
    assert AuditEntry.objects.filter(outcome="finished").count() == 2


def test_it_reads_long_results_without_a_cursor_of_the_session(pooled):
    """Django's forms read with iterator(), whose cursor would outlive a transaction."""
    rows = Permission.objects.order_by("pk").iterator(chunk_size=2)
    first = next(rows)
    with ExitStack() as stack:
        # The server connection that the first rows came from is somebody else's now.
        for _ in range(SERVER_CONNECTIONS - 1):
            other = sessions.Session.connect(pooled["default"].url)
            stack.enter_context(other).execute("SELECT 1")
        assert first not in list(rows)


def test_it_bounds_queries_and_leaves_no_bound_behind(pooled):
    shop, reader = Shop(), Reader()
    order_id = shop.place()
    project()
    for _ in range(2 * SERVER_CONNECTIONS):
        assert reader.order(order_id).status_code == 200
        assert reader.found(sku="TEA") == reader.found(q="tea") == [order_id]


def test_it_commits_or_rolls_back_as_ever(pooled):
    accounts.open_account()
    head = store.head()
    with transaction.atomic():
        earn(10)
        transaction.set_rollback(True)
    assert store.head() == head
    with transaction.atomic():
        earn(10)
    assert store.head() > head


def _caught_up() -> bool:
    head = store.head()
    standing = [status.of(name) for name in NAMES]
    assert not any(each.last_error for each in standing)
    return all(each.position == head for each in standing)


def _expect_independent_fold(appended: int) -> None:
    with (
        sessions.opened() as open_log,
        sessions.opened(cleaning.read_tables()) as open_read,
    ):
        log, read = open_log(), open_read()
        folded = independent_fold.orders(log)
        assert len(sessions.positions(log)) == appended
        summaries = independent_fold.actual_summaries(read)
        assert summaries == independent_fold.expected_summaries(folded)
        details = independent_fold.actual_details(read)
        assert details == independent_fold.expected_details(folded)
    for name in NAMES:
        assert sum(each.events_folded for each in checkpoints.live(name)) == appended
