"""docs/how-to/add-a-command.md: its changes make a command that works."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import pages
from tests.servers import ROOT

PAGE = "how-to/add-a-command.md"
NOT_COPIED = shutil.ignore_patterns(
    ".git", ".venv", ".local", "__pycache__", ".*_cache", ".hypothesis"
)
# The copy is not run as a part of these tests: it has servers of its own.
OURS = {
    "CELERY_BROKER_URL",
    "CQRS_TEST_TWO_SERVERS",
    "DATABASE_URL",
    "DJANGO_SETTINGS_MODULE",
    "READ_DATABASE_URL",
    "REDIS_URL",
}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the project with all that the page changes."""
    copy = tmp_path / "copy"
    shutil.copytree(ROOT, copy, ignore=NOT_COPIED, symlinks=True)
    (copy / ".venv").symlink_to(sys.prefix)
    pages.apply_diffs(PAGE, copy)
    for name, text in pages.files(PAGE).items():
        (copy / name).write_text(text, "utf-8")
    return copy


def test_it_leads_to_a_command_that_works(checkout: Path) -> None:
    (commands,) = pages.blocks(PAGE, "sh")
    own = {name: value for name, value in os.environ.items() if name not in OURS}
    ran = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands],
        cwd=checkout,
        env=own,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert " passed" in ran.stdout
