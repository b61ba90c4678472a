"""bin/up, bin/test and manage.py, as far as they go without anything installed."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
USAGE = "usage: bin/up [--port PORT] [--no-demo] [--simulate RATE] [--workers N]\n"


def run(
    *command: object, folder: Path = ROOT, seconds: float = 60
) -> subprocess.CompletedProcess[str]:
    words = [str(word) for word in command]
    return subprocess.run(
        words, cwd=folder, capture_output=True, text=True, timeout=seconds
    )


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        (["--prot", "8100"], "--prot"),
        (["--no-demo", "--sim=5"], "--sim=5"),
        (["-p"], "-p"),
    ],
)
def test_it_refuses_an_unknown_option_before_it_installs(tmp_path, arguments, option):
    shutil.copytree(ROOT / "bin", tmp_path / "bin")
    refused = run(tmp_path / "bin" / "up", *arguments, folder=tmp_path)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr == f"{USAGE}bin/up: error: unknown option: {option}\n"
    assert [found.name for found in tmp_path.iterdir()] == ["bin"]


def test_it_refuses_a_wrong_value_as_bin_up():
    refused = run(sys.executable, "manage.py", "up", "--port", "x")
    assert refused.returncode == 2
    assert refused.stderr == (
        f"{USAGE}bin/up: error: argument --port: "
        "'x': allowed is a number from 1 to 65535\n"
    )


@pytest.mark.skipif(
    not (ROOT / ".venv" / ".installed-requirements-dev.txt").exists(),
    reason="bin/test would install its packages first",
)
def test_it_finds_tests_from_any_folder(tmp_path):
    path = Path(__file__).relative_to(ROOT)
    found = run(ROOT / "bin" / "test", "--collect-only", "-q", path, folder=tmp_path)
    assert found.returncode == 0, found.stdout + found.stderr
    assert "test_it_finds_tests_from_any_folder" in found.stdout


def test_it_says_which_python_has_django():
    # Without site there are no installed packages, as for the Python of a system.
    ended = run(sys.executable, "-S", "manage.py", "check")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == (
        "Django is not installed for this Python: use .venv/bin/python manage.py …, "
        "which bin/up makes\n"
    )
