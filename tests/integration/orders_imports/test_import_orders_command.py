import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from eventstore import store
from tests.integration.orders_imports import logbook, retail
from tests.unit.orders_imports import samples

MANAGE = Path(__file__).resolve().parents[3] / "manage.py"


@pytest.fixture
def manage(process_environment, tmp_path):
    """Starts `manage.py …` in an empty folder."""

    def start(*arguments: object) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, str(MANAGE), *map(str, arguments)],
            cwd=tmp_path,
            env=process_environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


def outcome(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def test_it_prints_a_summary_and_leaves_the_rejects_here(manage, tmp_path):
    command = ["import_orders", samples.ONLINE_RETAIL, "--format", "online-retail"]
    code, out, err = outcome(manage(*command))
    assert (code, err) == (0, "")
    assert "29 lines = 19 imported + 10 rejected" in out
    assert "10 orders, 10 of them new" in out
    assert "3 no-matching-purchase" in out
    rejects = tmp_path / "online_retail_sample.csv.rejects.csv"
    assert len(rejects.read_text(encoding="utf-8").splitlines()) == 11
    code, out, err = outcome(manage(*command, "--rejects", "mine.csv", "--json"))
    summary = json.loads(out)
    assert (code, err) == (0, "")
    assert (summary["orders"], summary["new_orders"], summary["new_events"]) == (
        10,
        0,
        0,
    )
    assert summary["rejects_file"] == "mine.csv"
    assert (tmp_path / "mine.csv").read_bytes() == rejects.read_bytes()


def test_it_writes_no_rejects_file_without_rejects(manage, tmp_path):
    path = retail.write(tmp_path / "history.csv", invoices=3)
    command = ["import_orders", path, "--format", "online-retail"]
    code, out, err = outcome(manage(*command))
    assert (code, err) == (0, "")
    assert out.endswith("\nno rejects\n")
    code, out, err = outcome(manage(*command, "--json"))
    assert json.loads(out)["rejects_file"] is None
    assert [found.name for found in tmp_path.iterdir()] == ["history.csv"]


def test_it_leaves_a_link_to_a_device_alone(manage, tmp_path):
    path = retail.write(tmp_path / "history.csv", invoices=3)
    nowhere = tmp_path / "nowhere"
    nowhere.symlink_to("/dev/null")
    command = ["import_orders", path, "--format", "online-retail"]
    code, _, _ = outcome(manage(*command, "--rejects", nowhere))
    assert (code, nowhere.is_symlink()) == (0, True)


def test_it_ends_the_same_after_being_killed_again_and_again(manage, tmp_path):
    path = retail.write(tmp_path / "history.csv", invoices=3_000)
    expected = logbook.mapped(path, format="online-retail")
    total = sum(map(len, expected.values()))
    reached = 0
    for _ in range(3):
        running = manage("import_orders", path, "--format", "online-retail")
        deadline = time.monotonic() + 60
        while store.head() <= reached and time.monotonic() < deadline:
            time.sleep(0.01)
        running.send_signal(signal.SIGKILL)
        assert outcome(running)[0] == -signal.SIGKILL
        assert reached < store.head()
        reached = store.head()
    assert reached < total
    code, out, _ = outcome(
        manage("import_orders", path, "--format", "online-retail", "--json")
    )
    assert code == 0
    assert json.loads(out)["new_events"] < total
    assert logbook.stored() == expected


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["none.csv", "--format", "online-retail"], 1, "none.csv: No such file"),
        ([samples.OCEL2, "--format", "online-retail"], 1, "is not the header"),
        ([samples.ONLINE_RETAIL, "--format", "ocel2"], 1, "is no OCEL 2.0 log"),
        (
            [
                samples.ONLINE_RETAIL,
                "--format",
                "online-retail",
                "--rejects",
                "no/such/folder.csv",
            ],
            1,
            "the rejects cannot be written",
        ),
        ([samples.OCEL2, "--format", "csv"], 2, "invalid choice: 'csv'"),
        ([samples.OCEL2], 2, "--format"),
    ],
)
def test_it_says_in_one_line_what_is_wrong(manage, arguments, code, message):
    found, out, err = outcome(manage("import_orders", *arguments))
    assert (found, out) == (code, "")
    assert message in err
    assert "Traceback" not in err
    if code == 1:
        assert len(err.strip().splitlines()) == 1
    assert store.head() == 0
