"""`manage.py up` as a user meets it, in a folder with a space in its name."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time

import pytest

from cqrs_site.embedded import ports, processes, record
from tests.acceptance.checkout import START_SECONDS, Checkout
from tests.servers import ROOT

README = ROOT / "README.md"
STOP_SECONDS = 25


def _stop(process: subprocess.Popen[bytes], number: signal.Signals) -> int:
    process.send_signal(number)
    return process.wait(STOP_SECONDS)


def _put_user(checkout: Checkout) -> None:
    """Something to find again: the user's name stands in the log's database."""
    code = (
        "from django.contrib.auth.models import User; "
        "User.objects.create(username='kept')"
    )
    assert checkout.manage("shell", "-c", code).returncode == 0


def _answer_to(checkout: Checkout, key: str) -> int:
    return checkout.get(
        "/api/v1/queries/orders", headers={"Authorization": f"Bearer {key}"}
    )


def _has_user(checkout: Checkout) -> bool:
    code = (
        "from django.contrib.auth.models import User; "
        "print(User.objects.filter(username='kept').count())"
    )
    return checkout.manage("shell", "-c", code).stdout.endswith("1\n")


def test_it_runs_once_keeps_its_data_and_leaves_nothing_behind(checkout):
    first = checkout.up()
    assert checkout.get("/health/live") == 200
    assert checkout.get("/admin/login/") == 200
    said = checkout.said()
    assert "admin " in said
    assert "cqrs_" in said

    second = checkout.manage("up", f"--port={ports.fresh()}")
    assert second.returncode == 1
    assert second.stderr == (
        f"already running (pid {first.pid}) at http://localhost:{checkout.port}\n"
    )
    assert second.stdout == ""

    _put_user(checkout)
    first.kill()
    first.wait()
    servers = record.read(checkout.local)

    again = checkout.up()
    assert "of a killed run" in checkout.said()
    assert "shown this once" not in checkout.said()
    assert record.read(checkout.local) == servers, "the servers were taken over"
    assert _has_user(checkout)
    assert _stop(again, signal.SIGTERM) == 0
    assert checkout.processes() == []

    for command in (("migrate",), ("api_key", "list")):
        away = checkout.manage(*command)
        assert away.returncode == 1
        assert away.stderr == (
            "the embedded PostgreSQL of this checkout is not running: "
            "start it with bin/up, or set DATABASE_URL\n"
        )


def test_it_shows_passwords_and_key_after_a_start_that_was_stopped(checkout):
    first = checkout.up(until="demo users, API key")
    assert _stop(first, signal.SIGINT) == 0
    assert "shown this once" not in checkout.said()
    assert "the next start shows them" in checkout.said()
    kept = checkout.local / "unshown.json"
    assert kept.stat().st_mode & 0o777 == 0o600
    made = json.loads(kept.read_text())

    second = checkout.up()
    assert made["key"] in checkout.said()
    assert sorted(made["passwords"]) == ["admin", "operator", "viewer"]
    for password in made["passwords"].values():
        assert password in checkout.said()
    assert _answer_to(checkout, made["key"]) == 200
    assert _stop(second, signal.SIGINT) == 0
    assert not kept.exists()


def test_it_starts_a_process_again_that_died(checkout):
    running = checkout.up()
    children = json.loads((checkout.local / "children.json").read_text())
    beat = next(
        pid for pid in map(int, children) if "beat" in processes.command_line(pid)
    )
    os.kill(beat, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while str(beat) in (checkout.local / "children.json").read_text():
        assert time.monotonic() < deadline, checkout.said()
        time.sleep(0.05)
    assert "beat ended with signal 9: starts again in 1 s" in checkout.said()

    _put_user(checkout)
    for server, pid_file in (
        ("PostgreSQL", "postgres/data/postmaster.pid"),
        ("Redis", "redis/redis.pid"),
    ):
        pid = int((checkout.local / pid_file).read_text().split()[0])
        os.kill(pid, signal.SIGKILL)
        while f"{server} has ended: it is started again" not in checkout.said():
            assert time.monotonic() < deadline + 20, checkout.said()
            time.sleep(0.05)
    while checkout.get("/health/ready?strict=1") != 200:
        assert time.monotonic() < deadline + 30, checkout.said()
        time.sleep(0.05)
    assert _has_user(checkout)

    assert _stop(running, signal.SIGINT) == 0
    assert checkout.processes() == []


@pytest.mark.skipif(not shutil.which("curl"), reason="the README uses curl")
def test_it_answers_as_the_readme_shows(checkout):
    checkout.up()
    (key,) = re.findall(r"^ +(cqrs_\S+)$", checkout.said(), re.MULTILINE)
    blocks = re.findall(r"^```sh\n(.*?)^```", README.read_text(), re.M | re.DOTALL)
    assert blocks[0] == "KEY=cqrs_…\n"
    script = "\n".join([f"KEY={key}", *blocks[1:]])
    shown = subprocess.run(
        ["sh", "-euc", script.replace(":8000", f":{checkout.port}")],
        cwd=checkout.folder,
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
    )
    assert shown.returncode == 0, shown.stderr
    placed, end = json.JSONDecoder().raw_decode(shown.stdout)
    order = json.loads(shown.stdout[end:])
    assert order["order_id"] == placed["order_id"]
    assert (order["version"], order["total"]) == (1, "15.00")


def test_it_says_in_one_line_that_the_port_is_taken(checkout):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = checkout.manage("up", f"--port={port}")
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1
    assert refused.stderr.startswith(f"port {port} cannot be used")
    assert not (checkout.local / "postgres").exists(), "nothing was started"


def test_it_helps_without_servers(checkout):
    helped = checkout.manage("up", "--help")
    assert helped.returncode == 0
    assert "--simulate RATE" in helped.stdout


def test_it_refuses_a_wrong_option_with_exit_code_2(checkout):
    refused = checkout.manage("up", "--workers", "0")
    assert refused.returncode == 2
    assert "'0': allowed is a number from 1 to 64" in refused.stderr
