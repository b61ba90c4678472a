"""`manage.py projection`: what it shows, does, refuses, and how it ends."""

import io
import json
import os
import pty
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from django.utils import timezone

from orders.models import OrderSummary
from projections import operating, operations, runner, status
from projections.models import AuditEntry, Checkpoint
from tests.integration.eventstore import sessions
from tests.integration.orders.reading import project
from tests.integration.orders.shop import Shop

ROOT = Path(__file__).resolve().parents[3]

pytestmark = pytest.mark.usefixtures("database")


def manage(*arguments: str) -> str:
    out = io.StringIO()
    call_command("projection", *arguments, stdout=out, stderr=io.StringIO())
    return out.getvalue()


def place(count: int) -> None:
    shop = Shop()
    for _ in range(count):
        shop.place()


def test_it_lists_state_and_lag() -> None:
    place(2)
    project()
    place_again = Shop(scopes=("orders:write", "orders:read")).place
    place_again()
    found = {each["name"]: each for each in json.loads(manage("list", "--json"))}
    summary = found["order_summary"]
    assert (summary["position"], summary["head"], summary["lag_events"]) == (2, 3, 1)
    assert summary["lag_seconds"] > 0
    assert summary["state"] == "catching_up"


def test_it_tells_the_rate_and_how_long_the_lag_will_last() -> None:
    place(20)
    project()
    Shop(scopes=("orders:write", "orders:read")).place()
    (found,) = json.loads(manage("status", "order_summary", "--json"))
    assert found["rate"] > 0
    assert found["eta_seconds"] == pytest.approx(1 / found["rate"], abs=0.1)
    long_ago = timezone.now() - timedelta(seconds=11)
    Checkpoint.objects.update(advanced_at=long_ago)
    (found,) = json.loads(manage("status", "order_summary", "--json"))
    assert (found["rate"], found["eta_seconds"]) == (0, None)
    assert found["state"] == "stalled"


def test_it_shows_no_lag_for_an_empty_log() -> None:
    (found,) = json.loads(manage("status", "order_summary", "--json"))
    assert (found["lag_events"], found["lag_seconds"], found["position"]) == (0, 0, 0)


def test_it_pauses_and_resumes_and_keeps_the_reason() -> None:
    place(1)
    project()
    assert "paused" in manage("pause", "order_summary", "--reason", "index work")
    place_more = Shop(scopes=("orders:write", "orders:read")).place
    place_more()
    project()
    assert status.of("order_summary").state == "paused"
    assert status.of("order_summary").lag_events == 1
    manage("resume", "order_summary")
    project()
    assert status.of("order_summary").lag_events == 0
    entry = AuditEntry.objects.order_by("id").first()
    assert entry is not None
    assert (entry.action, entry.projection, entry.reason) == (
        "pause",
        "order_summary",
        "index work",
    )
    assert entry.actor


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("pause", "nothing"), "there is no projection 'nothing'; there are: "),
        (("status", "nothing"), "there is no projection 'nothing'"),
        (("resume", "order_summary"), "order_summary is running already"),
    ],
)
def test_it_refuses_in_one_line(arguments: tuple[str, ...], message: str) -> None:
    place(1)
    project()
    with pytest.raises(CommandError, match=message) as refused:
        manage(*arguments)
    assert "\n" not in str(refused.value)


@contextmanager
def workers() -> Iterator[None]:
    """A follower and a worker of operations, as `bin/up` runs them."""
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            runner.run_round(worker="tests")
            operating.work(seconds=0.2)
            stop.wait(0.01)
        connections.close_all()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def damage() -> list[dict]:
    """Makes three rows wrong; the right ones."""
    place(3)
    project()
    before = list(OrderSummary.objects.order_by("pk").values())
    OrderSummary.objects.all()[0].delete()
    OrderSummary.objects.update(total=0)
    return before


def rows() -> list[dict]:
    return list(OrderSummary.objects.order_by("pk").values())


def test_it_rebuilds_a_table_that_was_damaged() -> None:
    before = damage()
    with workers():
        said = manage("rebuild", "order_summary", "--reason", "damage")
    assert "order_summary is rebuilt" in said
    assert "3 rows differ from the old ones at position 3" in said
    assert rows() == before


def test_it_shows_the_differences_before_it_swaps() -> None:
    before = damage()
    damaged = rows()
    with workers():
        said = manage("rebuild", "order_summary", "--review")
        assert "is ready: swap it, or cancel the rebuild" in said
        assert "total: 0.0000 -> " in said
        assert rows() == damaged
        (found,) = json.loads(manage("status", "order_summary", "--json"))
        assert (found["rebuild"], found["rebuild_progress"]) == ("ready", 1.0)
        assert "is rebuilt" in manage("swap", "order_summary")
        assert rows() == before
        assert "is rolled back" in manage("rollback", "order_summary")
        assert rows() == damaged
    manage("discard", "order_summary")
    (found,) = json.loads(manage("status", "order_summary", "--json"))
    assert (found["rebuild"], found["kept_version"]) == ("none", None)


def test_it_cancels_a_rebuild_that_nobody_has_begun_to_fill() -> None:
    place(1)
    project()
    assert "left to the workers" in manage("rebuild", "order_summary", "--no-wait")
    assert "is cancelled" in manage("cancel", "order_summary", "--reason", "changed")
    with pytest.raises(CommandError, match="no rebuild of order_summary is under way"):
        manage("cancel", "order_summary")


def test_it_asks_on_ctrl_c_whether_to_cancel(process_environment) -> None:
    place(1)
    project()
    for answer, goes_on in (("n\n", True), ("y\n", False)):
        interrupted(answer, process_environment)
        assert (operations.current("order_summary") is not None) == goes_on
        if goes_on:
            manage("cancel", "order_summary")


def interrupted(answer: str, environment: dict[str, str]) -> None:
    """Starts a rebuild that no worker takes on, on a terminal, and presses Ctrl-C."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "manage.py", "projection", "rebuild", "order_summary"]
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=theirs, stderr=subprocess.PIPE
    )
    try:
        sessions.wait_until(
            lambda: operations.current("order_summary") is not None, seconds=60
        )
        time.sleep(0.5)  # it shows the bar by now
        os.write(ours, answer.encode())
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    finally:
        os.close(ours)
        os.close(theirs)
    assert b"Cancel it? [y/N]" in said
    assert process.returncode == 0


def test_it_changes_the_number_of_partitions() -> None:
    place(3)
    project()
    assert "has 2 partitions" in manage("repartition", "order_summary", "2")
    Shop(scopes=("orders:write", "orders:read")).place()
    project()
    (found,) = json.loads(manage("status", "order_summary", "--json"))
    assert (found["partitions"], found["lag_events"]) == (2, 0)
    assert OrderSummary.objects.count() == 4
    with pytest.raises(CommandError, match="0 partitions: allowed is 1 to 256"):
        manage("repartition", "order_summary", "0")


@pytest.mark.parametrize("text", ["yesterday", "2026-02-30", "2026-02-30T10:00:00Z"])
def test_it_says_what_a_time_looks_like(text: str) -> None:
    with pytest.raises(CommandError, match="is no time: allowed are 2026-11-01 and"):
        manage("rebuild", "order_summary", "--from-timestamp", text)
