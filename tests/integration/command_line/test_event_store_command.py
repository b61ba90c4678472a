"""`manage.py event_store`: appends, prints and replays, and refuses in one line."""

import io
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from eventstore import store
from tests.integration.orders.shop import Shop

ROOT = Path(__file__).resolve().parents[3]

pytestmark = pytest.mark.usefixtures("database")


def manage(*arguments: str) -> list[str]:
    out = io.StringIO()
    call_command("event_store", *arguments, stdout=out)
    return out.getvalue().splitlines()


def envelopes(*arguments: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in manage("stream", *arguments)]


def test_it_prints_envelopes_one_a_line() -> None:
    order_id = Shop().confirmed()
    (placed, confirmed) = envelopes()
    assert set(placed) == {
        "event_id",
        "position",
        "stream",
        "version",
        "type",
        "schema_version",
        "recorded_at",
        "occurred_at",
        "data",
        "metadata",
    }
    assert (placed["stream"], placed["version"]) == (f"order-{order_id}", 1)
    assert (confirmed["type"], confirmed["data"]) == ("OrderConfirmed", {})
    assert placed["metadata"]["customer_id"] == "customer-1"  # type: ignore[index]


def test_it_masks_personal_data_unless_it_is_asked_for() -> None:
    Shop().place(note="ring twice")
    (masked,), (shown,) = envelopes(), envelopes("--personal")
    assert masked["data"]["note"] == "***"  # type: ignore[index]
    assert shown["data"]["note"] == "ring twice"  # type: ignore[index]
    (stored,) = envelopes("--personal", "--stored")
    assert stored["data"] == shown["data"]
    assert stored["metadata"] == shown["metadata"]


def test_it_starts_at_a_position_or_a_time() -> None:
    shop = Shop()
    shop.place()
    between = timezone.now()
    shop.place()
    assert [each["position"] for each in envelopes("--from", "2")] == [2]
    later = envelopes("--from", between.isoformat())
    assert [each["position"] for each in later] == [2]
    assert envelopes("--from", timezone.now().isoformat()) == []


def test_it_filters_by_type() -> None:
    Shop().confirmed()
    (found,) = envelopes("--type", "OrderConfirmed")
    assert found["version"] == 2


@pytest.fixture
def following(process_environment) -> Iterator[subprocess.Popen[str]]:
    """`event_store stream --follow`; killed after a minute, so that no read hangs."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", "event_store", "stream", "--follow"],
        cwd=ROOT,
        env=process_environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    limit = threading.Timer(60, process.kill)
    limit.start()
    yield process
    limit.cancel()
    process.kill()
    process.communicate()


@pytest.fixture
def two_orders(database: None) -> Shop:
    shop = Shop()
    shop.place()
    shop.place()
    return shop


def test_it_follows_from_the_newest_event(two_orders, following) -> None:
    assert json.loads(following.stdout.readline())["position"] == 2
    two_orders.place()
    assert json.loads(following.stdout.readline())["position"] == 3
    following.send_signal(signal.SIGINT)
    assert following.communicate(timeout=20)[0] == ""
    assert following.returncode == 130


def test_it_keeps_the_lines_of_its_examples(capsys) -> None:
    with pytest.raises(SystemExit):
        call_command("event_store", "--help")
    helped = capsys.readouterr().out.splitlines()
    assert helped[helped.index("examples:") + 3 :] == [
        "  manage.py event_store stream --follow",
        "  manage.py event_store replay order-0193… --at-version 3",
        '  manage.py event_store forget customer-7 --reason "asked by letter of 3 May"',
        "  manage.py event_store schema --check docs/events/schema.json",
        "  manage.py event_store verify --anchor /mnt/elsewhere/anchor",
    ]
    assert "Appends to, prints, replays, seals and verifies the event log." in helped


def test_it_replays_the_state_event_by_event() -> None:
    order_id = Shop().confirmed()
    states = [json.loads(line) for line in manage("replay", f"order-{order_id}")]
    assert [each["type"] for each in states] == ["OrderPlaced", "OrderConfirmed"]
    assert states[1]["state"]["status"] == "confirmed"
    (first,) = manage("replay", f"order-{order_id}", "--at-version", "1")
    assert json.loads(first)["version"] == 1


def test_it_appends_an_event_checked_against_its_schema() -> None:
    stream = f"order-{Shop().place()}"
    note = '{"text": "called"}'
    manage("append", stream, "--type", "NoteAdded", "--data", note)
    (_, added) = store.read_stream(stream)
    assert (added.version, added.data.text) == (2, "called")
    assert added.metadata["customer_id"] == "customer-1"


@pytest.mark.parametrize(
    ("stream", "arguments", "message"),
    [
        ("thing-1", ("NoteAdded", "{}"), "belongs to no registered stream type"),
        ("", ("Nothing", "{}"), "order has no event type 'Nothing'"),
        ("", ("NoteAdded", "{"), "NoteAdded: Input data was truncated"),
        ("", ("NoteAdded", "{}"), "missing required field `text`"),
        ("", ("NoteAdded", '{"text": 1}'), r"Expected `str`, got `int`.*text"),
        ("", ("NoteAdded", '{"text": "a", "b": 1}'), "unknown field `b`"),
        ("", ("OrderPlaced", "{}"), "missing required field"),
        ("", ("LineRemoved", '{"line_id": 9}'), "LineRemoved cannot follow there"),
        (
            "",
            ("NoteAdded", '{"text": "a"}', "--expected-version", "7"),
            "is not at version 7",
        ),
    ],
)
def test_it_refuses_an_event_in_one_line_and_stores_nothing(
    stream: str, arguments: tuple[str, ...], message: str
) -> None:
    stream = stream or f"order-{Shop().place()}"
    before = store.head()
    type, data, *more = arguments
    with pytest.raises(CommandError, match=message) as refused:
        manage("append", stream, "--type", type, "--data", data, *more)
    assert "\n" not in str(refused.value)
    assert store.head() == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("stream", "--from", "soon"), "neither a position nor a time"),
        (
            ("stream", "--type", "Nope"),
            "no event type 'Nope'; there are: .*OrderPlaced",
        ),
        (("replay", "order-x"), "order-x has no events"),
        (("replay", "nothing"), "belongs to no registered stream type"),
    ],
)
def test_it_refuses_what_it_cannot_show(
    arguments: tuple[str, ...], message: str
) -> None:
    with pytest.raises(CommandError, match=message):
        manage(*arguments)
