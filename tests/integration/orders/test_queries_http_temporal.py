"""One order over HTTP as it was, at a version or a time, and its events."""

from datetime import timedelta
from random import Random
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import pytest

from eventstore import commands, store
from orders.domain import document
from orders.domain.commands import AddNote, ConfirmOrder
from orders.streams import ORDER
from tests.faults import work
from tests.integration.orders.reading import ORDERS, Reader
from tests.integration.orders.shop import Shop, assert_problem, events_of
from tests.integration.projections.sales import AT, ask
from tests.unit.orders import builders


def as_it_was(reader: Reader, order_id: object, **query: object) -> Any:
    return reader.get(f"{ORDERS}/{order_id}", query)


def lived_through(hours: list[int]) -> UUID:
    """An order that was placed at AT and then noted, so many hours later each."""
    id = uuid4()
    ask(id, builders.place())
    for number, later in enumerate(hours, start=2):
        ask(id, AddNote(text=f"note {number}"), at=AT + timedelta(hours=later))
    return id


@pytest.mark.parametrize("seed", [1, 2])
def test_it_shows_every_version_as_the_domain_folds_it(
    reader: Reader, seed: int
) -> None:
    random = Random(seed)
    id = UUID(int=random.getrandbits(128))
    while store.version_of(ORDER.stream(id)) < 25:
        if (append := work.life(random, id)).events:
            store.append_many([append])
    order = None
    for event in events_of(str(id)):
        order = ORDER.evolve(order, event.data, at=event.occurred_at)
        answer = as_it_was(reader, id, at_version=event.version)
        assert answer.json() == document.render(order, order_id=str(id))
        assert answer["ETag"] == f'"{event.version}"'
        assert answer["Read-Position"] == str(store.head())


def test_it_shows_what_had_occurred_by_a_time(reader: Reader) -> None:
    id = lived_through([1, 3])
    moment = timedelta(microseconds=1)
    for later, version in (
        (timedelta(0), 1),
        (timedelta(hours=1) - moment, 1),
        (timedelta(hours=1), 2),
        (timedelta(hours=3) - moment, 2),
        (timedelta(hours=3), 3),
        (timedelta(days=9999), 3),
    ):
        answer = as_it_was(reader, id, as_of=(AT + later).isoformat())
        assert answer.json()["version"] == version, later
        assert len(answer.json()["notes"]) == version - 1


def test_it_shows_no_state_that_the_order_never_had(reader: Reader) -> None:
    # The third event occurred before the second one, as imports and clocks make them.
    id = lived_through([5, 2, 6])
    for hours, version in ((2, 1), (4, 1), (5, 3), (6, 4)):
        at = (AT + timedelta(hours=hours)).isoformat()
        assert as_it_was(reader, id, as_of=at).json()["version"] == version


def test_it_takes_times_with_any_offset(reader: Reader) -> None:
    id = lived_through([1])
    answer = as_it_was(reader, id, as_of="2026-03-01T14:30:00+02:00")
    assert answer.json()["version"] == 1
    assert as_it_was(reader, id, as_of="2026-03-01T13:00:00z").json()["version"] == 2


def test_it_does_not_need_the_read_tables(shop: Shop, reader: Reader) -> None:
    order_id = shop.place()
    token = shop.change(order_id, "confirm")["Consistency-Token"]
    headers = {"Consistency_Token": token, "Prefer": "wait=0"}
    answer = reader.get(f"{ORDERS}/{order_id}?at_version=2", **headers)
    assert answer.json()["status"] == "confirmed"
    assert reader.get(f"{ORDERS}/{order_id}/events", **headers).status_code == 200


def test_it_answers_304_for_a_version_at_hand(reader: Reader) -> None:
    id = lived_through([1])
    url = f"{ORDERS}/{id}?at_version=1"
    assert reader.get(url, If_None_Match='"1"').status_code == 304
    assert reader.get(url, If_None_Match='"2"').status_code == 200


@pytest.mark.parametrize(
    ("query", "pointer", "code"),
    [
        ("at_version=0", "/at_version", "out-of-range"),
        ("at_version=-1", "/at_version", "out-of-range"),
        ("at_version=1.0", "/at_version", "out-of-range"),
        ("at_version=%EF%BC%91", "/at_version", "out-of-range"),
        ("at_version=2147483648", "/at_version", "out-of-range"),
        ("at_version=99999999999999999999", "/at_version", "out-of-range"),
        ("at_version=", "/at_version", "blank"),
        ("at_version=1&at_version=2", "/at_version", "repeated-parameter"),
        ("as_of=2026-03-01", "/as_of", "invalid"),
        ("as_of=yesterday", "/as_of", "invalid"),
        ("as_of=2026-02-30T00:00:00Z", "/as_of", "invalid"),
        ("as_of=2026-03-01T00:00:00Z&at_version=1", "/as_of", "excluded"),
        ("at_verison=1", "/at_verison", "unknown-parameter"),
    ],
)
def test_it_refuses_what_is_no_version_or_time(
    reader: Reader, query: str, pointer: str, code: str
) -> None:
    answer = reader.get(f"{ORDERS}/{lived_through([])}?{query}")
    (fault,) = assert_problem(answer, 422, "invalid")["errors"]
    assert (fault["pointer"], fault["code"]) == (pointer, code)


def test_it_tells_what_an_order_never_had(reader: Reader) -> None:
    id = lived_through([1])
    for version in (3, 2**31 - 1):
        answer = as_it_was(reader, id, at_version=version)
        assert assert_problem(answer, 404, "unknown-version")["newest"] == 2
    before = (AT - timedelta(seconds=1)).isoformat()
    assert_problem(as_it_was(reader, id, as_of=before), 404, "not-placed-yet")


@pytest.mark.parametrize("query", [{"at_version": 1}, {"as_of": AT.isoformat()}])
@pytest.mark.parametrize("order_id", [uuid4(), "x"])
def test_it_does_not_know_an_order_that_is_not_there(
    reader: Reader, query: dict[str, Any], order_id: object
) -> None:
    assert_problem(as_it_was(reader, order_id, **query), 404, "unknown-order")
    answer = reader.get(f"{ORDERS}/{order_id}/events")
    assert_problem(answer, 404, "unknown-order")


def test_it_shows_the_events_of_an_order_oldest_first(
    shop: Shop, reader: Reader
) -> None:
    shop.place()
    order_id = shop.place()
    shop.change(order_id, "add-note", {"text": "ring twice"}, X_Request_ID="r-1")
    answer = reader.get(f"{ORDERS}/{order_id}/events")
    assert answer["Read-Position"] == "3"
    placed, noted = answer.json()["data"]
    assert (placed["type"], placed["version"], placed["position"]) == (
        "OrderPlaced",
        1,
        2,
    )
    assert noted["metadata"]["request_id"] == "r-1"
    (event,) = [each for each in events_of(order_id) if each.version == 2]
    assert noted == event.envelope()
    assert set(noted) == {
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


@pytest.mark.parametrize("limit", [1, 2, 5, 6])
def test_it_pages_through_events_while_others_come(reader: Reader, limit: int) -> None:
    id = lived_through([1, 2, 3, 4])
    url, seen, pages = f"{ORDERS}/{id}/events?limit={limit}", [], 0
    while url:
        page = reader.get(url).json()
        seen += [each["version"] for each in page["data"]]
        assert len(page["data"]) <= limit
        if not pages:
            context = commands.Context(actor="tests")
            commands.handle(ORDER, id, ConfirmOrder(), at=AT, context=context)
        pages += 1
        following = urlsplit(page["next"] or "")
        url = following.query and f"{following.path}?{following.query}"
    assert seen == list(range(1, 6 if limit >= 5 else 7))


def test_it_refuses_the_cursor_of_another_order(reader: Reader) -> None:
    one, other = lived_through([1, 2]), lived_through([1, 2])
    following = reader.get(f"{ORDERS}/{one}/events?limit=1").json()["next"]
    cursor = urlsplit(following).query
    assert reader.get(f"{ORDERS}/{one}/events?{cursor}").status_code == 200
    for url in (f"{ORDERS}/{other}/events?{cursor}", f"{ORDERS}?{cursor}"):
        assert_problem(reader.get(url), 400, "bad-cursor")
    url = f"{ORDERS}/{one}/events?cursor=forged"
    assert_problem(reader.get(url), 400, "bad-cursor")


def test_it_wants_the_scope_to_read_them(shop: Shop) -> None:
    order_id = shop.place()
    for url in (f"{ORDERS}/{order_id}?at_version=1", f"{ORDERS}/{order_id}/events"):
        assert_problem(shop.http.get(url), 403, "wrong-scope")


@pytest.mark.parametrize("query", ["at_version=1", "as_of=2026-03-01T12:00:00Z"])
def test_it_refuses_a_forged_token(reader: Reader, query: str) -> None:
    id = lived_through([])
    for url in (f"{ORDERS}/{id}?{query}", f"{ORDERS}/{id}/events"):
        answer = reader.get(url, Consistency_Token="x")
        assert_problem(answer, 400, "bad-consistency-token")
