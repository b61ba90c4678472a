"""Whatever fits the OpenAPI document, or does not, is answered as it says."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.client import Client
from tests.acceptance.system import PROGRAMS, System

CONFIGURATION = Path(__file__).with_name("schemathesis.toml")
SCOPES = ("orders:read", "orders:write", "events:read", "ops:read", "ops:write")
# Cases of an operation and phase. The same ones each time; the environment may ask for
# more of them, and for others by another seed.
CASES = int(os.environ.get("CQRS_SCHEMATHESIS_CASES", "2"))
SEED = os.environ.get("CQRS_SCHEMATHESIS_SEED", "1")
LONGEST_S = 120 + 60 * CASES
# Operators pause projections: nobody else could read what he wrote then.
PARTS = (
    ("--exclude-tag", "operators"),
    ("--include-tag", "operators"),
)
LEAST_CASES = 1_000  # of all parts


def test_it_answers_as_the_document_says(
    system: System, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    system.environment |= {
        "CQRS__API__RATE_LIMIT__REQUESTS": "0",
        "CQRS__QUERY_SIDE__CONSISTENCY__DEFAULT_TIMEOUT_MS": "500",
    }
    system.start()
    key = system.key(*SCOPES)
    configuration = _configuration(system, tmp_path)
    cases = sum(_run(system, configuration, key, *part) for part in PARTS)
    with capsys.disabled():
        sys.stdout.write(f"\nschemathesis: {cases} cases, 0 failures, seed {SEED}\n")
    assert cases > LEAST_CASES


def _configuration(system: System, folder: Path) -> Path:
    """With a token of an order: what is made up is refused, as other tests see. And
    without waiting, which would be most of the time.
    """
    token = Client(system).place().headers["Consistency-Token"]
    parameters = [
        "[parameters]",
        f'"header.Consistency-Token" = "{token}"',
        '"header.Prefer" = "wait=0"',
    ]
    file = folder / "schemathesis.toml"
    file.write_text("\n".join([*parameters, "", CONFIGURATION.read_text()]))
    return file


def _run(system: System, configuration: Path, key: str, *part: str) -> int:
    """How many cases were sent. Fails with the report where one failed."""
    ran = subprocess.run(
        [
            *(PROGRAMS / "schemathesis", "--config-file", configuration, "run"),
            f"http://127.0.0.1:{system.port}/api/schema/",
            *("--header", f"Authorization: Bearer {key}", *part),
            *("--seed", SEED, "--max-examples", str(CASES)),
            *("--generation-database", "none", "--no-color", "--workers", "1"),
        ],
        cwd=configuration.parent,
        capture_output=True,
        text=True,
        timeout=LONGEST_S,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-30_000:] + ran.stderr[-3_000:]
    generated = re.search(r"([\d,]+) generated", ran.stdout)
    assert generated, ran.stdout
    return int(generated[1].replace(",", ""))
