"""`manage.py event_store schema` prints the schemas, and compares them with a file."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.servers import ROOT


def manage(*arguments: str) -> str:
    out = io.StringIO()
    call_command("event_store", "schema", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def kept(tmp_path: Path) -> Any:
    """Writes today's schema, changed, to a file; returns its path."""

    def kept(change: Any = lambda forms: None) -> str:
        document = json.loads(manage())
        change(document["$defs"])
        file = tmp_path / "schema.json"
        file.write_text(json.dumps(document), "utf-8")
        return str(file)

    return kept


def test_it_prints_all_types_the_same_each_time() -> None:
    printed = manage()
    forms = json.loads(printed)["$defs"]
    assert {"order/OrderPlaced/1", "order/OrderPlaced/2"} <= forms.keys()
    assert "account/PointsEarned/1" in forms  # of another app
    assert manage() == printed


def test_it_prints_what_is_kept_for_readers() -> None:
    ran = subprocess.run(
        [sys.executable, "manage.py", "event_store", "schema"],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "cqrs_site.settings"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    kept = ROOT / "docs" / "events" / "schema.json"
    assert ran.stdout == kept.read_text("utf-8"), ran.stderr


def test_it_says_nothing_of_what_did_not_change(kept: Any) -> None:
    assert manage("--check", kept()) == ""


def test_it_lets_additions_pass(kept: Any) -> None:
    def without_note(forms: Any) -> None:
        del forms["order/OrderPlaced/1"]["properties"]["note"]
        del forms["order/OrderPlaced/2"]

    assert manage("--check", kept(without_note)).splitlines() == [
        "additive: order/OrderPlaced/1: /note is new and optional",
        "additive: order/OrderPlaced/2: is new",
        "all changes are additive: keep the new schema",
    ]


def test_it_refuses_what_breaks(kept: Any) -> None:
    def with_more(forms: Any) -> None:
        forms["order/NoteAdded/1"]["properties"]["author"] = {"type": "string"}
        del forms["order/OrderPlaced/2"]

    out = io.StringIO()
    with pytest.raises(CommandError, match="1 of 2 changes break") as refused:
        call_command("event_store", "schema", "--check", kept(with_more), stdout=out)
    assert "breaking: order/NoteAdded/1: /author is gone" in out.getvalue()
    assert refused.value.returncode == 1


@pytest.mark.parametrize("text", ["", "[]", "{}", "\udcff"])
def test_it_refuses_another_file(tmp_path: Path, text: str) -> None:
    file = tmp_path / "other.json"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(CommandError, match=r"other\.json is no schema of events"):
        manage("--check", str(file))
    with pytest.raises(CommandError, match=r"missing\.json is no schema of events"):
        manage("--check", str(tmp_path / "missing.json"))
