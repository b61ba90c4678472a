"""Given events of orders, then the timeline of their customers, out of Redis."""

import json
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest

from eventstore import store
from orders.domain.commands import AddNote, CancelOrder, ConfirmOrder
from projections import control, dead_letters, registry, runner
from projections.in_redis import latest
from tests.faults import work
from tests.integration.eventstore import sessions
from tests.integration.orders import independent_timeline
from tests.integration.orders import reading as http
from tests.integration.orders.reading import Reader, project
from tests.integration.orders.shop import Shop, assert_problem
from tests.integration.projections import accounts, rebuilds
from tests.integration.projections.sales import AT, ask
from tests.unit.orders import builders

pytestmark = pytest.mark.usefixtures("database")

NAME = "customer_timeline"
URL = "/api/v1/queries/customers/{}/timeline"


def order(*, at: Any = AT, **changes: Any) -> UUID:
    id = uuid4()
    ask(id, builders.place(customer_id="ada", **changes), at=at)
    return id


def summaries(customer_id: str = "ada") -> list[str]:
    project()
    return [each["summary"] for each in latest.of(NAME, customer_id)]


def test_it_tells_what_happened_the_newest_first() -> None:
    id = order(at=AT)
    ask(id, ConfirmOrder(), builders.ship(), at=AT + timedelta(hours=1))
    ask(id, builders.capture("12.5"), at=AT + timedelta(hours=2))
    first = AT - timedelta(days=1)
    order(at=first)  # stored last
    told = summaries()
    assert told[0] == "Paid 12.50 by card"
    assert told[1].startswith("Shipped ")
    assert told[2] == "Confirmed"
    assert told[3].startswith("Placed ")
    assert told[3].endswith(" EUR")
    assert len(told) == 5
    assert latest.of(NAME, "ada")[-1]["at"] == "2026-02-28T12:00:00Z"


def test_it_names_no_person() -> None:
    id = order()
    ask(id, AddNote(text="call Ada Byron"), CancelOrder(reason="changed her mind"))
    told = summaries()
    assert told[:2] == ["Cancelled", "Added a note"]
    shown = json.dumps(latest.of(NAME, "ada"))
    assert "Byron" not in shown
    assert "mind" not in shown


def test_it_keeps_the_latest_hundred() -> None:
    id = order()
    for number in range(120):
        ask(id, AddNote(text=str(number)), at=AT + timedelta(minutes=number + 1))
    order(at=AT - timedelta(days=1))  # too long ago, though it is stored last
    project()
    found = latest.of(NAME, "ada")
    assert len(found) == 100
    assert {each["type"] for each in found} == {"NoteAdded"}
    assert found[0]["at"] == "2026-03-01T14:00:00Z"


def histories(seed: int) -> None:
    random = Random(seed)
    ids = [UUID(int=random.getrandbits(128)) for _ in range(80)]
    for id in [*ids, *random.choices(ids, k=400)]:
        append = work.life(random, id)
        if append.events:
            store.append_many([append])


def assert_right() -> None:
    with sessions.opened() as open_session:
        expected = independent_timeline.expected(open_session())
    assert len(expected) > 5
    assert independent_timeline.actual(expected) == expected


@pytest.mark.parametrize("seed", [1, 2])
def test_it_equals_an_independent_computation(seed: int) -> None:
    histories(seed)
    project()
    assert_right()


def test_it_does_so_after_a_rebuild_a_flush_and_with_four_partitions() -> None:
    histories(3)
    project()
    operation = rebuilds.rebuild(NAME)
    comparison = operation.result["comparison"]["tables"][NAME]
    assert comparison["old"] == comparison["new"] > 5
    assert comparison["differing"] == 0
    assert_right()
    control.repartition(NAME, 4, actor=accounts.ADA, reason="tests")
    assert_right()
    http.flush()
    project()
    assert_right()


class TestHttp:
    def test_it_answers_with_what_happened(self) -> None:
        id = Shop().place(customer_id="ada")
        project()
        answer = Reader().get(URL.format("ada"))
        assert answer.status_code == 200
        (entry,) = answer.json()["data"]
        assert entry["order_id"] == id
        assert entry["type"] == "OrderPlaced"
        assert entry["summary"] == "Placed 1 line, 50.00 EUR"
        assert int(answer["Read-Position"]) == 1

    def test_it_knows_no_customer_without_an_order(self) -> None:
        reader = Reader()
        assert_problem(reader.get(URL.format("ada")), 404, "unknown-customer")
        Shop().place(customer_id="ada")
        project()
        answer = reader.get(URL.format("adam"))
        assert_problem(answer, 404, "unknown-customer")
        assert answer["Read-Position"] == "1"
        assert_problem(reader.get(URL.format("x" * 65)), 404, "unknown-customer")

    def test_it_honours_a_token(self) -> None:
        shop, reader = Shop(), Reader()
        id = shop.place(customer_id="ada")
        project()
        token = shop.change(id, "confirm")["Consistency-Token"]
        asked = {"Consistency_Token": token, "Prefer": "wait=0"}
        answer = reader.get(URL.format("ada"), **asked)
        assert_problem(answer, 503, "read-model-behind")
        project()
        answer = reader.get(URL.format("ada"), **asked)
        assert answer.json()["data"][0]["type"] == "OrderConfirmed"

    def test_it_cannot_be_read_until_it_is_filled_again(self) -> None:
        Shop().place(customer_id="ada")
        reader = Reader()
        assert_problem(reader.get(URL.format("ada")), 503, "read-model-unavailable")
        project()
        assert reader.get(URL.format("ada")).status_code == 200
        http.flush()
        answer = reader.get(URL.format("ada"))
        assert_problem(answer, 503, "read-model-unavailable")
        assert answer["Retry-After"] == "2"
        project()
        assert reader.get(URL.format("ada")).status_code == 200

    def test_it_says_so_when_orders_are_held(self, monkeypatch: Any) -> None:
        projection = registry.get(NAME)
        entries = type(projection).entries

        def failing(self: Any, event: Any) -> Any:
            if event.type == "OrderConfirmed":
                raise ValueError("no")
            return entries(self, event)

        monkeypatch.setattr(type(projection), "entries", failing)
        shop, reader = Shop(), Reader()
        shop.change(shop.place(customer_id="ada"), "confirm")
        shop.place(customer_id="ada")
        runner.run_round(worker="tests")
        answer = reader.get(URL.format("ada"))
        assert answer["Parked-Orders"] == "1"
        assert [each["type"] for each in answer.json()["data"]] == ["OrderPlaced"] * 2
        monkeypatch.undo()
        (letter,) = dead_letters.current()
        assert dead_letters.retry(letter.pk)
        answer = reader.get(URL.format("ada"))
        assert "Parked-Orders" not in answer
        assert len(answer.json()["data"]) == 3
