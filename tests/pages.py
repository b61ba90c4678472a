"""What the pages of the documentation show: code to run as a reader would."""

import re
import subprocess
import sys
from pathlib import Path

from tests.servers import ROOT

DOCS = ROOT / "docs"


def blocks(page: str, language: str) -> list[str]:
    """The fenced blocks of a page below docs/, in order."""
    text = (DOCS / page).read_text("utf-8")
    fences = rf"^```{language}\n(.*?)^```"
    return re.findall(fences, text, re.MULTILINE | re.DOTALL)


def run(page: str, environment: dict[str, str], folder: Path) -> str:
    """Runs the page's shell blocks as in a checkout; what they print on stdout.

    Fails when one of them fails.
    """
    (folder / "manage.py").symlink_to(ROOT / "manage.py")
    (folder / ".venv").symlink_to(sys.prefix)
    ran = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(blocks(page, "sh"))],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout
