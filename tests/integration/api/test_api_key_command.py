import io
import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from api import keys

ROOT = Path(__file__).parents[3]


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("api_key", *arguments, stdout=out, stderr=io.StringIO())
    return out.getvalue()


@pytest.mark.usefixtures("database")
class TestActions:
    def test_it_prints_a_key_that_works(self):
        key = run("create", "shop", "--scope", "orders:read").strip()
        assert keys.verify(key).scopes == {"orders:read"}

    def test_it_prints_json(self):
        created = json.loads(
            run(
                *("create", "shop", "--scope", "orders:write"),
                *("--scope", "orders:read", "--expires", "2999-01-31T12:00:00+02:00"),
                "--json",
            )
        )
        assert keys.verify(created.pop("key")).name == "shop"
        assert created == {
            "name": "shop",
            "scopes": ["orders:read", "orders:write"],
            "expires_at": "2999-01-31T10:00:00Z",
        }

    def test_json_of_a_key_without_expiry_says_null(self):
        created = json.loads(run("create", "a", "--scope", "ops:read", "--json"))
        assert created["expires_at"] is None

    def test_it_revokes(self):
        key = run("create", "shop", "--scope", "orders:read").strip()
        assert "shop is revoked since" in run("revoke", "shop")
        assert keys.verify(key) is None
        revoked = json.loads(run("revoke", "shop", "--json"))
        assert datetime.fromisoformat(revoked["revoked_at"])

    def test_it_lists_without_secrets(self):
        key = run("create", "shop", "--scope", "orders:read").strip()
        run("create", "old", "--scope", "ops:read")
        run("revoke", "old")
        shop, old = json.loads(run("list", "--json"))
        assert (shop["name"], shop["revoked_at"]) == ("shop", None)
        assert old["revoked_at"] is not None
        text = run("list")
        assert [line.split()[:3] for line in text.splitlines()] == [
            ["shop", shop["prefix"], "active"],
            ["old", old["prefix"], "revoked"],
        ]
        assert key not in text + run("list", "--json")

    @pytest.mark.parametrize(
        ("arguments", "reason"),
        [
            (["revoke", "nobody"], "There is no key named 'nobody'."),
            (["create", "shop", "--scope", "ops:read"], "named 'shop' already"),
            (["create", " ", "--scope", "ops:read"], "A name has 1 to 64"),
            (
                [
                    "create",
                    "b",
                    "--scope",
                    "ops:read",
                    "--expires",
                    "2020-01-01T00:00:00Z",
                ],
                "is in the past",
            ),
        ],
    )
    def test_it_says_in_one_line_what_is_wrong(self, arguments, reason):
        keys.create(name="shop", scopes=["ops:read"])
        with pytest.raises(CommandError, match=reason) as caught:
            run(*arguments)
        assert "\n" not in str(caught.value)
        assert caught.value.returncode == 1


def process(environment: dict[str, str], *arguments: str):
    command = [sys.executable, "manage.py", "api_key", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )


def test_it_ends_with_0_for_success_1_for_failure_2_for_wrong_usage(
    process_environment,
):
    good = process(process_environment, "create", "a", "--scope", "ops:read", "--json")
    assert (good.returncode, good.stderr) == (0, "")
    assert json.loads(good.stdout)["name"] == "a"
    failed = process(process_environment, "revoke", "b")
    assert failed.returncode == 1
    assert failed.stderr == "CommandError: There is no key named 'b'.\n"
    wrong = process(process_environment, "create", "c", "--scope", "orders:reed")
    assert wrong.returncode == 2
    assert "invalid choice: 'orders:reed' (choose from" in wrong.stderr
    assert "orders:write" in wrong.stderr
    away = {**process_environment, "DATABASE_URL": "postgres://nobody@127.0.0.1:1/x"}
    down = process(away, "list")
    assert down.returncode == 1
    assert down.stderr.startswith("PostgreSQL (DATABASE_URL) cannot be reached: ")
    assert down.stderr.count("\n") == 1
