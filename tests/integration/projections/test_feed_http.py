"""The feed of settled events over HTTP: pages, filters, waiting, and who sees what."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from django.db import OperationalError, connections
from django.test import Client

from api import keys
from cqrs_site import configuration
from eventstore import events, store
from orders import streams
from orders.domain.commands import AddNote, ConfirmOrder
from orders.streams import ORDER
from projections import feed
from tests.integration.eventstore import sessions
from tests.integration.orders.shop import assert_problem
from tests.integration.projections import accounts
from tests.integration.projections.sales import ask
from tests.unit.orders import builders

URL = "/api/v1/queries/events"
APPLICATIONS = (
    "SELECT count(*) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid() "
    "AND backend_type = 'client backend'"
)


def client(*scopes: str) -> Client:
    key = keys.create(name="-".join(scopes), scopes=scopes or ("events:read",)).key
    return Client(
        headers={"Authorization": f"Bearer {key}"}, raise_request_exception=False
    )


@pytest.fixture
def reader(database: None) -> Client:
    return client("events:read")


@pytest.fixture
def one_place(settings: Any) -> None:
    settings.CQRS = configuration.load(
        str(settings.BASE_DIR / "cqrs.yaml"),
        environ={"CQRS__COMMAND_SIDE__EVENT_STORE__CONNECTION_POOL_SIZE": "4"},
    )
    assert feed.places() == 1


def place(*notes: str) -> str:
    """The stream of a new order with notes."""
    id = uuid4()
    ask(id, builders.place(), *(AddNote(text=text) for text in notes))
    return ORDER.stream(id)


def positions(answer: Any) -> list[int]:
    assert answer.status_code == 200, answer.content
    return [each["position"] for each in answer.json()["data"]]


def walk(reader: Client, url: str) -> list[int]:
    seen = []
    while url:
        answer = reader.get(url)
        seen += positions(answer)
        following = urlsplit(answer.json()["next"] or "")
        url = following.query and f"{following.path}?{following.query}"
    return seen


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 200])
def test_it_shows_all_events_in_the_order_of_positions(
    reader: Client, limit: int
) -> None:
    place("a")
    accounts.open_account()
    place("b")
    assert walk(reader, f"{URL}?limit={limit}") == [1, 2, 3, 4, 5]
    assert walk(reader, f"{URL}?limit={limit}&after=2") == [3, 4, 5]


def test_it_shows_events_in_their_envelope(reader: Client) -> None:
    stream = place()
    ask(streams.order_id_of(stream), ConfirmOrder())
    (event,) = store.read_stream(stream, from_version=2)
    answer = reader.get(URL, {"after": 1})
    assert answer.json() == {"data": [event.envelope()], "next": None}


def test_it_filters_by_type_and_stream(reader: Client) -> None:
    first = place("a", "b")  # 1, 2, 3
    second = place("c")  # 4, 5
    assert walk(reader, f"{URL}?type=NoteAdded&limit=1") == [2, 3, 5]
    assert walk(reader, f"{URL}?stream={second}&limit=1") == [4, 5]
    assert walk(reader, f"{URL}?stream={first}&type=NoteAdded&limit=1") == [2, 3]
    assert walk(reader, f"{URL}?stream={first}&after=2") == [3]
    assert walk(reader, f"{URL}?stream=order-{uuid4()}") == []
    assert walk(reader, f"{URL}?type=OrderCancelled") == []


def test_it_says_where_to_go_on(reader: Client) -> None:
    place("a", "b")
    for query, stands in (
        ({}, 3),
        ({"limit": 2}, 2),
        ({"after": 3}, 3),
        ({"after": 2**62}, 3),
        ({"type": "OrderPlaced"}, 3),
        ({"type": "OrderCancelled"}, 3),
    ):
        assert reader.get(URL, query)["Read-Position"] == str(stands), query


def test_it_shows_nothing_that_is_not_settled(reader: Client) -> None:
    place()
    with sessions.opened() as open_session:
        slow = open_session()
        slow.execute(
            "INSERT INTO eventstore_event (stream, version, event_id, type, "
            "schema_version, occurred_at, data, metadata) "
            "SELECT %s, 1, gen_random_uuid(), 'AccountOpened', 1, now(), "
            "'{\"owner\": \"ada\"}', '{}'",
            ["account-77"],
        )
        place()
        answer = reader.get(URL)
        assert positions(answer) == [1]
        assert answer["Read-Position"] == "1"
        slow.commit()
    assert walk(reader, f"{URL}?after=1") == [2, 3]


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("after=-1", "/after"),
        ("after=x", "/after"),
        ("after=9223372036854775808", "/after"),
        ("after=1&after=2", "/after"),
        ("limit=0", "/limit"),
        ("limit=201", "/limit"),
        ("type=OrderUpdated", "/type"),
        ("type=", "/type"),
        ("stream=order", "/stream"),
        ("stream=basket-1", "/stream"),
        ("stream=order-%00", "/stream"),
        ("personal=yes", "/personal"),
        ("cursor=x", "/cursor"),
    ],
)
def test_it_refuses_what_it_does_not_know(
    reader: Client, query: str, pointer: str
) -> None:
    problem = assert_problem(reader.get(f"{URL}?{query}"), 422, "invalid")
    assert {each["pointer"] for each in problem["errors"]} == {pointer}


def test_it_masks_what_tells_about_persons(reader: Client) -> None:
    place("She is out until noon")
    placed, noted = reader.get(URL).json()["data"]
    assert noted["data"] == {"text": events.MASK}
    assert set(placed["data"]["shipping_address"].values()) == {events.MASK}
    assert placed["data"]["lines"][0]["name"] == "Tea"
    both = client("events:read", "orders:read")
    assert both.get(URL).json()["data"] == [placed, noted]
    placed, noted = both.get(URL, {"personal": "true"}).json()["data"]
    assert noted["data"] == {"text": "She is out until noon"}
    assert placed["data"]["shipping_address"]["city"] == builders.ADDRESS.city


def test_it_wants_the_scopes(reader: Client) -> None:
    assert_problem(reader.get(URL, {"personal": "true"}), 403, "wrong-scope")
    assert_problem(client("orders:read").get(URL), 403, "wrong-scope")
    assert_problem(Client().get(URL), 401, "not-authenticated")


def test_it_refuses_a_forged_token(reader: Client) -> None:
    answer = reader.get(URL, headers={"Consistency-Token": "x"})
    assert_problem(answer, 400, "bad-consistency-token")


def test_it_waits_for_the_first_event_that_is_asked_for(reader: Client) -> None:
    stream = place()
    with ThreadPoolExecutor(3) as pool:
        answers = [
            pool.submit(waiting, reader, query, 20)
            for query in (
                {"after": 1},
                {"after": 1, "type": "OrderConfirmed"},
                {"after": 1, "stream": stream},
            )
        ]
        sessions.wait_until(lambda: len(feed._waiting) == 3)
        place()
        assert answers[0].result(timeout=10) == [2]
        assert not answers[1].done()
        assert not answers[2].done()
        ask(streams.order_id_of(stream), ConfirmOrder())
        assert [each.result(timeout=10) for each in answers] == [[2], [3], [3]]
    assert feed._waiting == []


def waiting(reader: Client, query: dict[str, Any], seconds: int) -> list[int]:
    try:
        answer = reader.get(URL, query, headers={"Prefer": f"wait={seconds}"})
        assert answer["Preference-Applied"] == f"wait={seconds}"
        return positions(answer)
    finally:
        connections.close_all()


def test_it_answers_without_events_when_the_time_is_over(reader: Client) -> None:
    place()
    began = time.monotonic()
    answer = reader.get(URL, {"after": 1}, headers={"Prefer": "wait=1"})
    assert time.monotonic() - began >= 1
    assert answer.json() == {"data": [], "next": None}
    assert answer["Read-Position"] == "1"


def test_it_does_not_wait_where_there_is_something(reader: Client) -> None:
    place()
    answer = reader.get(URL, headers={"Prefer": "wait=30"})
    assert positions(answer) == [1]
    assert "Preference-Applied" not in answer
    assert reader.get(URL, {"after": 1}, headers={"Prefer": "wait=0"}).json()


def test_it_holds_no_connection_while_it_waits(reader: Client) -> None:
    place()
    with sessions.opened() as open_session, ThreadPoolExecutor(4) as pool:
        session = open_session(autocommit=True)
        before = session.value(APPLICATIONS)
        answers = [pool.submit(waiting, reader, {"after": 1}, 20) for _ in range(4)]
        sessions.wait_until(lambda: len(feed._waiting) == 4)
        # One for all of them, that looks.
        sessions.wait_until(lambda: session.value(APPLICATIONS) <= before + 1)
        place()
        assert [each.result(timeout=10) for each in answers] == [[2]] * 4
        sessions.wait_until(lambda: not feed._watching)


def test_it_refuses_who_finds_no_place_to_wait(reader: Client, one_place: None) -> None:
    place()
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(waiting, reader, {"after": 1}, 20)
        sessions.wait_until(lambda: len(feed._waiting) == 1)
        answer = reader.get(URL, {"after": 1}, headers={"Prefer": "wait=20"})
        assert_problem(answer, 503, "too-many-waiting")
        assert int(answer["Retry-After"]) >= 1
        # Who does not wait is served, and so is who has something to read.
        assert positions(reader.get(URL, {"after": 1})) == []
        assert positions(reader.get(URL, headers={"Prefer": "wait=20"})) == [1]
        place()
        assert first.result(timeout=10) == [2]
    answer = reader.get(URL, {"after": 2}, headers={"Prefer": "wait=1"})
    assert positions(answer) == []


def test_it_tells_who_waits_that_the_database_is_away(
    reader: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    place()
    look, failed = feed._read, threading.Event()

    def failing(asked: Any, up_to: int) -> Any:
        if threading.current_thread().name == "feed":
            failed.set()
            raise OperationalError("away")
        return look(asked, up_to)

    monkeypatch.setattr(feed, "_read", failing)
    answer = reader.get(URL, {"after": 1}, headers={"Prefer": "wait=20"})
    assert_problem(answer, 503, "database-unavailable")
    assert failed.is_set()
