"""docs/tutorial/bring-your-own-domain.md: an app that is built as the page says."""

import json
import re
import shutil
import subprocess
import sys

import pytest

from tests import pages
from tests.acceptance.checkout import ENVIRONMENT, START_SECONDS, Checkout

PAGE = "tutorial/bring-your-own-domain.md"


@pytest.fixture
def built(checkout: Checkout) -> Checkout:
    """A copy of the project with the page's app installed in it, and running."""
    for name, text in pages.files(PAGE).items():
        path = checkout.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    pages.apply_diffs(PAGE, checkout.folder)
    (console,) = pages.blocks(PAGE, "console")
    made = checkout.manage(*re.findall(r"manage\.py (.*)", console)[0].split())
    assert made.returncode == 0, made.stderr
    (checkout.folder / ".venv").symlink_to(sys.prefix)
    checkout.up()
    return checkout


def shell(built: Checkout) -> list[str]:
    """Lines that the page's commands print, each block after the ones before."""
    script = "\n".join(pages.blocks(PAGE, "sh"))
    ran = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script.replace(":8000", f":{built.port}")],
        cwd=built.folder,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=2 * START_SECONDS,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout.splitlines()


@pytest.mark.skipif(not shutil.which("curl"), reason="the page uses curl")
def test_it_serves_a_domain_that_it_never_heard_of(built: Checkout) -> None:
    read, replayed, refused, listed, *operators = shell(built)
    assert json.loads(read).get("balance") == "37.50", read
    assert replayed == "200"
    assert json.loads(refused)["code"] == "not-enough-balance"
    assert "37.50" in json.loads(refused)["detail"]
    assert [each["balance"] for each in json.loads(listed)["data"]] == ["37.50"]
    told = "\n".join(operators)
    assert "gift_cards" in told
    assert '"type": "CardRedeemed"' in told
    assert built.get("/admin/gift_cards/giftcard/") in (200, 302)
