import json
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from eventstore import store

MANAGE = Path(__file__).resolve().parents[3] / "manage.py"


@pytest.fixture
def simulate(process_environment):
    def start(*arguments: object) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, str(MANAGE), "simulate_orders", *map(str, arguments)],
            env=process_environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


def summary_of(process: subprocess.Popen[str]) -> dict:
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    return json.loads(out)


def recorded():
    return list(store.follow_settled(after=0, batch_size=1_000))


def test_it_stores_what_it_says_with_the_time_of_now(simulate):
    began = datetime.now(UTC)
    summary = summary_of(
        simulate("--rate", 5_000, "--orders", 25, "--seed", 5, "--json")
    )
    events = recorded()
    assert summary["orders_placed"] == summary["orders_finished"] == 25
    assert Counter(each.type for each in events)["OrderPlaced"] == 25
    types_of_commands = summary["commands"]
    assert types_of_commands["PlaceOrder"] >= 25
    accepted = sum(types_of_commands.values()) - sum(summary["rejections"].values())
    assert accepted == len({each.metadata["command_id"] for each in events})
    assert {each.metadata["source"] for each in events} == {"simulation"}
    assert all(each.occurred_at > began - timedelta(seconds=1) for each in events)


def test_it_decides_the_same_again_without_colliding(simulate):
    options = ["--rate", 5_000, "--orders", 10, "--seed", 8, "--json"]
    first, second = summary_of(simulate(*options)), summary_of(simulate(*options))
    for fact in ("commands", "rejections", "orders_finished"):
        assert first[fact] == second[fact]
    placed = [each.data for each in recorded() if each.type == "OrderPlaced"]
    assert len({each.external_reference for each in placed}) == 20
    assert [each.lines for each in placed[:10]] == [each.lines for each in placed[10:]]


def test_it_keeps_the_rate(simulate):
    summary = summary_of(simulate("--rate", 25, "--orders", 8, "--seed", 1, "--json"))
    given = sum(summary["commands"].values())
    assert given > 30
    # The first command needs no waiting; the last may be late, never early.
    assert summary["seconds"] >= (given - 1) / 25
    if not summary["behind_seconds"]:
        assert summary["seconds"] < given / 25 + 1


def test_it_says_when_it_cannot_keep_the_rate(simulate):
    process = simulate("--rate", 100_000, "--orders", 300, "--seed", 1)
    out, err = process.communicate(timeout=120)
    assert "the rate cannot be kept" in err
    assert "the rate could not be kept: behind by" in out


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_with_a_summary_when_it_is_told_to(simulate, number):
    process = simulate("--rate", 200, "--json")
    deadline = time.monotonic() + 60
    while store.head() < 20 and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(number)
    summary = summary_of(process)
    types = Counter(each.type for each in recorded())
    assert summary["orders_placed"] == types["OrderPlaced"] > 0
    assert summary["orders_finished"] < summary["orders_placed"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "--rate"),
        (["--rate", "0"], "'0': allowed is a number above 0"),
        (["--rate", "nan"], "'nan': allowed is a number above 0"),
        (["--rate", "fast"], "'fast': allowed is a number above 0"),
        (["--rate", "1", "--orders", "0"], "'0': allowed is a whole number from 1"),
        (["--rate", "1", "--orders", "x"], "'x': allowed is a whole number from 1"),
        (["--rate", "1", "--seed", "x"], "'x': allowed is a whole number"),
    ],
)
def test_it_refuses_wrong_options(simulate, arguments, message):
    process = simulate(*arguments)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (2, "")
    assert message in err
    assert "Traceback" not in err
