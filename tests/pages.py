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


def files(page: str) -> dict[str, str]:
    """What the page's blocks with a title hold, by title: the name of a file."""
    text = (DOCS / page).read_text("utf-8")
    fences = r'^```\w+ title="([^"]+)"\n(.*?)^```'
    return dict(re.findall(fences, text, re.MULTILINE | re.DOTALL))


def apply_diffs(page: str, checkout: Path) -> None:
    """Makes the changes of the page's diff blocks, which know no line numbers.

    Fails where what a block shows as being there is not there, or more than once.
    """
    for file in re.split(r"^--- ", "".join(blocks(page, "diff")), flags=re.MULTILINE):
        name, _, changes = file.partition("\n")
        for change in re.split(r"^@@\n", changes, flags=re.MULTILINE) if name else ():
            before = re.sub(r"^\+.*\n", "", change, flags=re.MULTILINE)
            after = re.sub(r"^-.*\n", "", change, flags=re.MULTILINE)
            _replace(checkout / name, _unmarked(before), _unmarked(after))


def _unmarked(lines: str) -> str:
    return re.sub(r"^[ +-]", "", lines, flags=re.MULTILINE)


def _replace(path: Path, before: str, after: str) -> None:
    text = path.read_text("utf-8")
    assert text.count(before) == 1, f"{path.name} has not once:\n{before}"
    path.write_text(text.replace(before, after), "utf-8")


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
