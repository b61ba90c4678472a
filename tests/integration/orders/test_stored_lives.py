"""Whole lives of orders, as the first release stored them, are read by today's code.

The files are history: nobody changes them; a new form of events gets a file of its own.
"""

import io
import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.core.management import call_command
from psycopg.types.json import Jsonb

from api import keys
from eventstore import store
from orders import histories
from orders.domain.commands import AddNote
from orders.streams import ORDER
from projections.models import DeadLetter
from tests.integration.eventstore import sessions
from tests.integration.orders import read_models
from tests.integration.orders.reading import ORDERS, Reader, project
from tests.integration.projections import rebuilds
from tests.integration.projections.sales import ask

FOLDER = Path(__file__).parent / "stored_lives"
LINES = (FOLDER / "orders.v1.ndjson").read_text("utf-8").splitlines()
STORED: list[dict[str, Any]] = [json.loads(line) for line in LINES]
# What the first release made of them.
DOCUMENTS: dict[str, dict[str, Any]] = json.loads(
    (FOLDER / "orders.v1.documents.json").read_text("utf-8")
)
FEED = "/api/v1/queries/events"
INSERT = """
INSERT INTO eventstore_event
    (event_id, stream, version, type, schema_version, occurred_at, data, metadata)
VALUES (%(event_id)s, %(stream)s, %(version)s, %(type)s, %(schema_version)s,
    %(occurred_at)s, %(data)s, %(metadata)s)
"""
UNKNOWN = {"kind": "unknown"}


@pytest.fixture(autouse=True)
def stored(database: None) -> None:
    """The events in the log, as they were stored."""
    with sessions.opened() as open_session:
        session = open_session(autocommit=True)
        for each in STORED:
            session.execute(
                INSERT,
                {
                    **each,
                    "data": Jsonb(each["data"]),
                    "metadata": Jsonb(each["metadata"]),
                },
            )


def newest(event: dict[str, Any]) -> dict[str, Any]:
    if event["type"] != "OrderPlaced":
        return event
    data = {**event["data"], "channel": UNKNOWN}
    return {**event, "schema_version": 2, "data": data}


def comparable(shown: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without when they were recorded, which is now."""
    return [{**each, "recorded_at": ""} for each in shown]


def test_it_folds_every_order_as_the_first_release_did() -> None:
    known = {each.name for each in ORDER.events}
    assert {each["type"] for each in STORED} == known - set(ORDER.erasing)
    for id, document in DOCUMENTS.items():
        assert histories.at_version(UUID(id), document["version"]) == document


def test_it_keeps_every_projection_from_them() -> None:
    project()
    assert not DeadLetter.objects.exists()
    assert read_models.wrong() == {}
    rebuilds.rebuild("order_summary")
    rebuilds.rebuild("order_detail")
    assert read_models.wrong() == {}


def test_it_answers_queries_from_them() -> None:
    project()
    reader = Reader()
    assert set(reader.found()) == set(DOCUMENTS)
    for id, document in DOCUMENTS.items():
        assert reader.order(id).json() == document


def test_it_goes_on_with_an_order_of_then() -> None:
    id = next(iter(DOCUMENTS))
    ask(UUID(id), AddNote(text="still here"))
    *_, event = store.read_stream(ORDER.stream(id))
    assert event.version == DOCUMENTS[id]["version"] + 1


@pytest.mark.parametrize(
    ("query", "shown"),
    [("", [newest(each) for each in STORED]), ("&stored=true", STORED)],
    ids=["newest", "stored"],
)
def test_it_shows_the_events_of_an_order_in_either_form(
    query: str, shown: list[dict[str, Any]]
) -> None:
    for id in DOCUMENTS:
        answer = Reader().get(f"{ORDERS}/{id}/events?limit=200{query}").json()
        expected = [each for each in shown if each["stream"].endswith(id)]
        assert comparable(answer["data"]) == comparable(expected)


@pytest.mark.parametrize(
    ("query", "shown"),
    [("", [newest(each) for each in STORED]), ("&stored=true", STORED)],
    ids=["newest", "stored"],
)
def test_it_lists_them_in_the_feed_in_either_form(
    query: str, shown: list[dict[str, Any]]
) -> None:
    key = keys.create(name="feed", scopes=("events:read", "orders:read")).key
    http = Reader()
    http.http.defaults["HTTP_AUTHORIZATION"] = f"Bearer {key}"
    answer = http.get(f"{FEED}?limit=200&personal=true{query}").json()
    assert comparable(answer["data"]) == comparable(shown)
    masked = http.get(f"{FEED}?limit=200{query}")
    for personal in ("Ada Byron", "12 Mill Lane", "ring twice", "Grace Hopper", "gift"):
        assert personal in json.dumps(answer)
        assert personal not in masked.content.decode()


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [([], [newest(each) for each in STORED]), (["--stored"], STORED)],
    ids=["newest", "stored"],
)
def test_it_prints_them_in_either_form(
    arguments: list[str], shown: list[dict[str, Any]]
) -> None:
    out = io.StringIO()
    call_command("event_store", "stream", "--personal", *arguments, stdout=out)
    printed = [json.loads(line) for line in out.getvalue().splitlines()]
    assert comparable(printed) == comparable(shown)
