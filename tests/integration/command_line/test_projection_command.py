"""`manage.py projection`: what it shows, does, refuses, and how it ends."""

import io
import json
import os
import pty
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from django.utils import timezone

from projections import runner, status
from projections.models import AuditEntry, Checkpoint
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


def test_it_rebuilds_a_table_that_was_damaged() -> None:
    from orders.models import OrderSummary

    place(3)
    project()
    before = list(OrderSummary.objects.order_by("pk").values())
    OrderSummary.objects.all()[0].delete()
    OrderSummary.objects.update(total=0)
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            runner.run_round(worker="tests")
            stop.wait(0.01)
        connections.close_all()

    worker = threading.Thread(target=work)
    worker.start()
    try:
        assert "is rebuilt" in manage("rebuild", "order_summary", "--reason", "damage")
    finally:
        stop.set()
        worker.join()
    assert list(OrderSummary.objects.order_by("pk").values()) == before


@pytest.mark.parametrize(
    ("arguments", "answer", "code", "position"),
    [
        ((), "n\n", 1, 1),
        ((), "\n", 1, 1),
        ((), "y\n", 0, 0),
        (("--yes",), "", 0, 0),
    ],
)
def test_it_asks_on_a_terminal_before_it_empties_tables(
    process_environment, arguments, answer, code, position
) -> None:
    place(1)
    project()
    ours, theirs = pty.openpty()
    command = [sys.executable, "manage.py", "projection", "rebuild", "order_summary"]
    try:
        os.write(ours, answer.encode())
        ended = subprocess.run(
            [*command, "--no-wait", *arguments],
            cwd=ROOT,
            env=process_environment,
            stdin=theirs,
            capture_output=True,
            text=True,
            timeout=60,
        )
    finally:
        os.close(ours)
        os.close(theirs)
    assert ended.returncode == code, ended.stderr
    assert ("queries miss rows" in ended.stderr) == (not arguments)
    assert ("nothing was changed" in ended.stderr) == bool(code)
    assert status.of("order_summary").position == position


def test_it_leaves_the_rebuild_to_the_workers_when_told_not_to_wait() -> None:
    place(1)
    project()
    assert "workers" in manage("rebuild", "order_summary", "--no-wait")
    assert status.of("order_summary").position == 0
    project()
    assert status.of("order_summary").lag_events == 0
