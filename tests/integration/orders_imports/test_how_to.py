import lzma
import re
import subprocess
import sys
from pathlib import Path

from tests.unit.orders_imports import samples

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs" / "how-to" / "import-history.md"


def test_it_shows_commands_that_work(process_environment, tmp_path):
    blocks = re.findall(r"^```sh\n(.*?)^```", PAGE.read_text("utf-8"), re.M | re.DOTALL)
    assert len(blocks) == 3
    file = tmp_path / "online_retail.csv.xz"
    file.write_bytes(lzma.compress(samples.ONLINE_RETAIL.read_bytes()))
    (tmp_path / "manage.py").symlink_to(ROOT / "manage.py")
    (tmp_path / ".venv").symlink_to(sys.prefix)
    ran = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(blocks)],
        cwd=tmp_path,
        env=process_environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert ran.stderr == ""
    assert "10 orders, 10 of them new" in ran.stdout
    assert "10 orders, 0 of them new" in ran.stdout
    assert re.search(r"events, 0 of them new$", ran.stdout, re.MULTILINE)
    _, _, counted = ran.stdout.rpartition("rejects.csv\n")
    assert re.search(r"3 no-matching-purchase\n", counted)
