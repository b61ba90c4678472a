"""The guide to the API: its commands run, and they print what it shows."""

import re
import subprocess
from pathlib import Path

from tests import pages
from tests.acceptance.system import System

GUIDE = "how-to/use-the-api.md"


def shown() -> list[str]:
    """What the page says is printed, in order."""
    text = (pages.DOCS / GUIDE).read_text("utf-8")
    return re.findall(r"^```(?:json|text)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def pattern(text: str) -> str:
    """Of a block: … is anything, and white space means nothing."""
    parts = re.sub(r"\s", "", text).split("…")
    return ".*?".join(map(re.escape, parts))


def test_its_commands_print_what_it_shows(system: System, tmp_path: Path) -> None:
    system.start()
    key = system.key("orders:read", "orders:write", "events:read")
    environment = {
        **system.environment,
        "API": f"http://127.0.0.1:{system.port}",
        "KEY": key,
    }
    folder = tmp_path / "checkout"
    folder.mkdir()
    ran = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(pages.blocks(GUIDE, "sh"))],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    printed = re.sub(r"\s", "", ran.stdout)
    blocks = shown()
    assert len(blocks) > 10
    for block in blocks:
        found = re.search(pattern(block), printed)
        assert found, f"{block}\nis not in\n{printed}"
        printed = printed[found.end() :]
