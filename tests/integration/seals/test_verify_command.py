"""`manage.py event_store seal` and `verify`: what they print, and their exit code."""

import io
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from eventstore import store
from tests.integration.seals import history

ROOT = Path(__file__).resolve().parents[3]

pytestmark = pytest.mark.usefixtures("database")


def manage(*arguments: str) -> str:
    out = io.StringIO()
    call_command("event_store", *arguments, stdout=out, stderr=io.StringIO())
    return out.getvalue()


def test_it_says_that_there_is_nothing_to_seal():
    assert manage("seal") == "there are no settled events to seal\n"
    assert "0 events in 0 seals" in manage("verify")


def test_it_seals_and_tells_what_is_not_sealed_yet():
    history.make()
    first, second = manage("verify").splitlines()
    assert first == "8 events in 3 seals are as they were sealed, up to position 9"
    (newest,) = store.read_settled(after=9, limit=1)
    assert second == (
        "1 newer events are not sealed yet, "
        f"since {newest.recorded_at:%Y-%m-%dT%H:%M:%SZ}"
    )
    assert manage("seal").startswith("1 events sealed; seal 4 ends at position 10")
    assert "0 newer events" in manage("verify")


def test_it_anchors_elsewhere_and_checks_against_it(tmp_path, forger):
    history.make()
    anchor = str(tmp_path / "anchor")
    assert manage("seal", "--anchor", anchor).splitlines()[1] == (
        f"4 seals written to {anchor}"
    )
    assert "9 events in 4 seals" in manage("verify", "--anchor", anchor)
    forger.run("DELETE FROM eventstore_seal WHERE number = 4")
    message = "position 10: seal missing: the log has lost seal 4 "
    with pytest.raises(CommandError, match=message):
        manage("verify", "--anchor", anchor)


def test_it_prints_json():
    history.make()
    assert json.loads(manage("seal", "--json"))["last_position"] == 10
    assert json.loads(manage("verify", "--json")) == {
        "seals": 4,
        "events": 9,
        "last_position": 10,
        "unsealed": 0,
        "unsealed_since": None,
        "finding": None,
    }


def test_it_ends_with_1_and_names_the_position_in_one_line(forger, process_environment):
    history.make()
    forger.run("DELETE FROM eventstore_event WHERE position = 6")
    ended = subprocess.run(
        [sys.executable, "manage.py", "event_store", "verify", "--json"],
        cwd=ROOT,
        env=process_environment,
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 1
    assert ended.stderr == (
        "CommandError: position 6: removed: "
        "the event at position 6 was removed after it was sealed\n"
    )
    assert json.loads(ended.stdout)["finding"]["position"] == 6
    assert json.loads(ended.stdout)["events"] == 3


def test_it_draws_a_bar_on_a_terminal_in_one_line(process_environment):
    history.make()
    ours, terminal = pty.openpty()
    subprocess.run(
        [sys.executable, "manage.py", "event_store", "verify"],
        cwd=ROOT,
        env={**process_environment, "TERM": "xterm"},
        stdout=subprocess.DEVNULL,
        stderr=terminal,
        check=True,
    )
    drawn = os.read(ours, 100_000).decode()
    os.close(terminal)
    os.close(ours)
    assert "verifying" in drawn
    assert "of 9 positions" in drawn
    assert drawn.count("\n") == 1  # when it goes


def test_it_needs_no_look_at_what_counts_as_right(forger):
    history.make()
    forger.run("DELETE FROM eventstore_event WHERE position = 2")
    assert "5 events in 2 seals" in manage("verify", "--from", "4")


def test_it_refuses_an_anchor_that_is_not_there(tmp_path):
    history.make()
    with pytest.raises(CommandError, match="No such file"):
        manage("verify", "--anchor", str(tmp_path / "none"))
