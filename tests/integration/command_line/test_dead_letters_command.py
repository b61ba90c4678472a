"""`manage.py dead_letters`: shows what is held and why, retries, skips."""

import contextlib
import io
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from projections.models import AuditEntry, DeadLetter
from tests.integration.projections import accounts
from tests.integration.projections.accounts import earn, points
from tests.loyalty.projections.balance import LoyaltyBalance

ROOT = Path(__file__).resolve().parents[3]

pytestmark = pytest.mark.usefixtures("database")


def manage(*arguments: str) -> str:
    out = io.StringIO()
    call_command("dead_letters", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def held(monkeypatch) -> int:
    """Account 1, held from its event that earns 3 points on; its dead letter's id."""
    fold = LoyaltyBalance.fold

    def failing(self, rows, event):
        if getattr(event.data, "points", None) == 3:
            raise ValueError("three")
        fold(self, rows, event)

    monkeypatch.setattr(LoyaltyBalance, "fold", failing)
    accounts.open_account()
    for each in (1, 3, 5):
        earn(each)
    accounts.follow()
    return DeadLetter.objects.get().pk


def test_it_lists_what_is_held(held):
    (found,) = json.loads(manage("list", "--json"))
    assert (found["id"], found["stream"], found["version"]) == (held, "account-1", 3)
    assert found["error"] == "ValueError: three"
    assert "1 held" in manage("list")
    assert json.loads(manage("list", "--projection", "order_summary", "--json")) == []


def test_it_is_counted_in_the_list_of_projections(held):
    out = io.StringIO()
    call_command("projection", "list", stdout=out)
    title, *lines = out.getvalue().splitlines()
    column = title.index("held")
    counts = {line.split()[0]: line[column : column + 4].strip() for line in lines}
    assert counts["loyalty_balance"] == "1"
    assert counts["order_summary"] == "0"


def test_it_shows_one_with_its_traceback(held):
    assert "in failing" in manage("show", str(held))
    assert json.loads(manage("show", str(held), "--json"))["held_events"] == 2


def test_it_fails_when_what_it_retried_failed_again(held):
    with pytest.raises(CommandError, match="1 failed again"):
        manage("retry", str(held))
    assert points() == 1


def test_it_retries_all_of_a_projection(held, monkeypatch):
    monkeypatch.undo()
    retried = manage("retry", "--projection", "loyalty_balance")
    assert "1 of 1 are held no longer" in retried
    assert points() == 9


def test_it_skips_with_a_reason(held):
    assert "held no longer" in manage("skip", str(held), "--reason", "entered twice")
    assert points() == 6
    with pytest.raises(CommandError, match="--reason"):
        manage("skip", str(held))


@pytest.mark.parametrize(
    "arguments",
    [("show", "99"), ("retry", "99"), ("skip", "99", "--reason", "x")],
)
def test_it_does_not_know_one_that_is_gone(arguments):
    with pytest.raises(CommandError, match="there is no dead letter 99"):
        manage(*arguments)
    with pytest.raises(CommandError, match="there is no projection 'nothing'"):
        manage("list", "--projection", "nothing")


def test_it_says_how_many_of_a_projection_failed_again(held):
    with pytest.raises(CommandError, match="1 failed again"):
        manage("retry", "--projection", "loyalty_balance", "--reason", "perhaps")
    entry = AuditEntry.objects.get(outcome="finished")
    assert (entry.action, entry.reason) == ("retry", "perhaps")


def test_it_shows_its_progress_on_a_terminal(held, process_environment):
    """Without the bug, which is in this process alone, and without a worker."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "manage.py", "dead_letters", "retry"]
    with contextlib.closing(os.fdopen(ours, "rb", buffering=0)) as terminal:
        ended = subprocess.run(
            [*command, "--projection", "loyalty_balance"],
            cwd=ROOT,
            env={**process_environment, "DJANGO_SETTINGS_MODULE": "tests.settings"},
            stdout=subprocess.PIPE,
            stderr=theirs,
            text=True,
            timeout=60,
            check=False,
        )
        os.close(theirs)
        shown = _all_of(terminal)
    assert ended.returncode == 0, shown
    assert "1 of 1 are held no longer" in ended.stdout
    assert "1/1" in shown
    assert points() == 9


def _all_of(terminal) -> str:
    found = b""
    with contextlib.suppress(OSError):  # how a closed terminal ends
        while part := terminal.read(4096):
            found += part
    return found.decode()
