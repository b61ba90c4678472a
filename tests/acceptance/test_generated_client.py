"""A typed client, generated from the OpenAPI document, does what its types say."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.system import PROGRAMS, ROOT, System

SHOPPER = Path(__file__).with_name("shopper.py")


@pytest.fixture
def client_folder(tmp_path: Path, process_environment: dict[str, str]) -> Path:
    """A folder with the package `orders_client`, made from today's document."""
    document = tmp_path / "schema.yaml"
    run(
        sys.executable,
        ROOT / "manage.py",
        *("spectacular", "--file", document),
        environment={
            **process_environment,
            "DJANGO_SETTINGS_MODULE": "cqrs_site.settings",
        },
    )
    settings = tmp_path / "generator.yaml"
    settings.write_text("post_hooks: []\n")  # no formatter: nobody reads it
    folder = tmp_path / "generated"
    folder.mkdir()
    run(
        *(PROGRAMS / "openapi-python-client", "generate", "--fail-on-warning"),
        *("--path", document, "--meta", "none", "--config", settings),
        *("--output-path", folder / "orders_client"),
    )
    return folder


def run(*arguments: object, environment: dict[str, str] | None = None) -> str:
    """What it printed. Fails with what it said when it fails."""
    ran = subprocess.run(
        [str(each) for each in arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def test_it_places_ships_and_refunds_an_order(
    system: System, client_folder: Path
) -> None:
    system.start()
    key = system.key("orders:read", "orders:write")
    environment = {**system.environment, "PYTHONPATH": str(client_folder)}
    url = f"http://127.0.0.1:{system.port}"
    seen = json.loads(run(sys.executable, SHOPPER, url, key, environment=environment))
    order = seen["order"]
    assert (order["version"], order["refunded"]) == (5, "7.50")
    assert (order["status"], order["payment_status"]) == (
        "confirmed",
        "partially_refunded",
    )
    assert order["fulfillment_status"] == "partially_shipped"
    assert seen["events"] == [
        "OrderPlaced",
        "OrderConfirmed",
        "PaymentCaptured",
        "ShipmentSent",
        "PaymentRefunded",
    ]
    assert seen["refused"]["code"] == "over-refund"
    assert seen["bulk"] == ["placed", "minimum-order-amount"]


def test_its_types_hold_a_program_that_uses_it(
    client_folder: Path, tmp_path: Path
) -> None:
    check = [
        *(PROGRAMS / "mypy", "--strict", "--follow-imports=silent"),
        *("--config-file=", "--cache-dir", tmp_path / "mypy"),
    ]
    environment = {"MYPYPATH": str(client_folder)}
    run(*check, SHOPPER, environment=environment)
    wrong = tmp_path / "wrong.py"
    wrong.write_text(SHOPPER.read_text().replace('amount="7.50"', "amount=7.50", 1))
    with pytest.raises(AssertionError, match="arg-type"):
        run(*check, wrong, environment=environment)
