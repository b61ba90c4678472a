"""POST …/orders/bulk: each order is answered as if it had been sent alone."""

import json
from uuid import uuid4

import pytest

from eventstore import tokens
from orders.projections.order_detail import OrderDetail
from tests.integration.eventstore.test_bulk import statements
from tests.integration.orders import shop as shops
from tests.integration.orders.reading import project
from tests.integration.orders.replays import KEY, assert_replay, kept
from tests.integration.orders.shop import (
    LINE,
    ORDERS,
    assert_problem,
    events_of,
    order,
    stored_events,
)
from tests.integration.orders.test_commands_http_prefer import worker

BULK = f"{ORDERS}/bulk"
MIB = 1024 * 1024


def send(shop, *orders, query: str = "", **headers):
    return shop.post(f"{BULK}{query}", {"orders": list(orders)}, **headers)


def results(answer) -> list:
    assert answer.status_code == 200, answer.content
    found = answer.json()["results"]
    return found


def without_ids(said: dict) -> dict:
    """What is the same in two answers to the same."""
    new = {"order_id", "position", "events", "consistency_token", "request_id"}
    return {name: value for name, value in said.items() if name not in new}


def test_it_places_each_order(shop):
    id = str(uuid4())
    answer = send(shop, order(order_id=id), order(note="Ring twice"))
    first, second = results(answer)
    for result in (first, second):
        (event,) = events_of(result["order_id"])
        assert result == {
            "status": 201,
            "order_id": str(event.data.order_id),
            "version": 1,
            "position": event.position,
            "events": [
                {
                    "event_id": str(event.event_id),
                    "type": "OrderPlaced",
                    "version": 1,
                    "position": event.position,
                }
            ],
            "consistency_token": result["consistency_token"],
        }
        token = tokens.parse(result["consistency_token"])
        assert (token.stream, token.version) == (event.stream, 1)
    assert first["order_id"] == id
    assert events_of(second["order_id"])[0].data.note == "Ring twice"


BAD = [
    order(lines=[{**LINE, "quantity": 0, "unit_price": 5}], colour="red"),
    order(lines=[]),
    order(lines=[{**LINE, "quantity": 1}]),
    order(lines=[LINE] * 2001),
    order(lines=[{**LINE, "quantity": 10**6, "unit_price": "9" * 14}]),
    {},
    [],
    "order",
    None,
    7,
]


@pytest.mark.parametrize("bad", BAD, ids=lambda each: json.dumps(each)[:30])
def test_it_refuses_one_as_alone_and_places_the_others(shop, bad):
    found = results(send(shop, order(), bad, order()))
    assert [each["status"] for each in found] == [201, found[1]["status"], 201]
    assert stored_events() == 2
    if isinstance(bad, dict) and bad:
        alone = shop.post(ORDERS, bad)
        assert_problem(alone, found[1]["status"], found[1]["code"])
        assert without_ids(found[1]) == without_ids(alone.json())
    else:
        assert (found[1]["status"], found[1]["code"]) == (422, "invalid")


def test_its_pointers_begin_at_the_order(shop):
    _, refused = results(send(shop, order(), BAD[0]))
    assert {each["pointer"] for each in refused["errors"]} == {
        "/lines/0/quantity",
        "/lines/0/unit_price",
        "/colour",
    }


def test_it_refuses_an_order_that_exists_also_within_the_bulk(shop):
    there, twice = shop.place(), str(uuid4())
    found = results(
        send(
            shop,
            order(order_id=there),
            order(order_id=twice, customer_id="first"),
            order(order_id=twice, customer_id="second"),
        )
    )
    assert [each["status"] for each in found] == [409, 201, 409]
    assert {found[0]["code"], found[2]["code"]} == {"order-exists"}
    (event,) = events_of(twice)
    assert event.data.customer_id == "first"


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({}, "/orders", "required"),
        ({"orders": None}, "/orders", "null"),
        ({"orders": {}}, "/orders", "invalid-type"),
        ({"orders": []}, "/orders", "too-few-items"),
        ({"orders": [{}] * 501}, "/orders", "too-many-items"),
        ({"orders": [{}], "colour": 1}, "/colour", "unknown-field"),
    ],
)
def test_it_refuses_a_body_that_is_no_bulk(shop, body, pointer, code):
    data = json.dumps(body).encode()
    problem = assert_problem(shop.post(BULK, data, Idempotency_Key=KEY), 422, "invalid")
    (fault,) = problem["errors"]
    assert (fault["pointer"], fault["code"]) == (pointer, code)
    assert (stored_events(), kept()) == (0, 0)


def test_it_takes_500_orders_in_as_many_statements_as_one(shop):
    send(shop, order())  # the key's first use is noted
    few = statements(lambda: results(send(shop, order())))
    many = statements(lambda: results(send(shop, *[order()] * 500)))
    assert len(many) == len(few)
    assert stored_events() == 502


def test_it_takes_16_mib_and_no_other_command_more_than_one(shop):
    body = json.dumps({"orders": [order()]}).encode()
    answer = shop.post(BULK, body + b" " * (16 * MIB - len(body)))
    assert [each["status"] for each in results(answer)] == [201]
    refused = shop.post(BULK, body + b" " * (16 * MIB - len(body) + 1))
    assert assert_problem(refused, 413, "too-large")["max_bytes"] == 16 * MIB
    order_id = results(answer)[0]["order_id"]
    for url in (ORDERS, f"{ORDERS}/{order_id}/confirm"):
        refused = shop.post(url, b"{}" + b" " * MIB)
        assert assert_problem(refused, 413, "too-large")["max_bytes"] == MIB


def test_it_gives_a_token_of_the_newest_order(shop, reader):
    answer = send(shop, *[order()] * 5, order(lines=[]))
    newest = max(each.get("position", 0) for each in results(answer))
    assert tokens.parse(answer["Consistency-Token"]).position == newest
    project()
    listed = reader.get(
        "/api/v1/queries/orders", Consistency_Token=answer["Consistency-Token"]
    )
    assert len(listed.json()["data"]) == 5


def test_it_has_no_token_where_nothing_was_stored(shop):
    answer = send(shop, order(lines=[]))
    assert results(answer)[0]["code"] == "no-lines"
    assert "Consistency-Token" not in answer


def test_it_waits_until_all_orders_can_be_read(shop, reader):
    with worker():
        answer = send(shop, *[order()] * 20, order(lines=[]), Prefer="wait=20")
        assert answer["Preference-Applied"] == "wait=20"
        for each in results(answer)[:20]:
            assert reader.order(each["order_id"]).status_code == 200
        assert len(reader.page()["data"]) == 20
    late = send(shop, order(), Prefer="wait=1")
    assert "Preference-Applied" not in late
    assert results(late)[0]["status"] == 201


def test_it_does_not_call_a_bulk_readable_that_has_a_parked_order(shop, monkeypatch):
    """Though the newest of its orders can be read."""
    fold = OrderDetail.fold

    def failing(self, rows, event):
        if event.data.customer_id == "broken":
            raise ValueError(event.type)
        fold(self, rows, event)

    monkeypatch.setattr(OrderDetail, "fold", failing)
    with worker():
        answer = send(shop, order(customer_id="broken"), order(), Prefer="wait=5")
    assert [each["status"] for each in results(answer)] == [201, 201]
    assert "Preference-Applied" not in answer


def test_it_only_tries_where_it_is_asked_to(shop):
    id = str(uuid4())
    asked = [order(order_id=id), order(order_id=id), order(lines=[]), {}]
    found = results(send(shop, *asked, query="?validate_only=true"))
    assert found[0] == {"status": 200, "valid": True, "events": ["OrderPlaced"]}
    assert [each.get("code") for each in found[1:]] == [
        "order-exists",
        "no-lines",
        "invalid",
    ]
    assert stored_events() == 0


def test_it_answers_once_for_a_key(shop):
    asked = [order(), order(lines=[]), order()]
    first = send(shop, *asked, Idempotency_Key=KEY)
    again = send(shop, *asked, Idempotency_Key=KEY)
    assert_replay(again, first)
    assert (stored_events(), kept()) == (2, 1)
    other = send(shop, *asked[:2], Idempotency_Key=KEY)
    assert_problem(other, 422, "idempotency-key-reused")
    assert stored_events() == 2


def test_a_replay_waits_for_the_orders_too(shop):
    first = send(shop, order(), order(), Idempotency_Key=KEY)
    assert "Preference-Applied" not in first
    with worker():
        again = send(shop, order(), order(), Idempotency_Key=KEY, Prefer="wait=20")
    assert_replay(again, first)
    assert again["Preference-Applied"] == "wait=20"


def test_it_keeps_neither_answer_nor_orders_where_it_fails(shop):
    """One transaction: the answer is lost with the orders that it tells of."""
    from django.db import connection

    def breaks(execute, sql, *rest):
        if "INSERT INTO eventstore_answer" in sql:
            raise ZeroDivisionError
        return execute(sql, *rest)

    with connection.execute_wrapper(breaks):
        failed = send(shop, order(), order(), Idempotency_Key=KEY)
    assert_problem(failed, 500, "internal-error")
    assert (stored_events(), kept()) == (0, 0)


def test_it_is_about_no_version(shop):
    refused = send(shop, order(), If_Match='"1"')
    assert_problem(refused, 400, "bad-if-match")
    assert stored_events() == 0


def test_it_needs_the_scope_of_commands(shop):
    refused = send(shops.Shop(scopes=("orders:read",)), order())
    assert_problem(refused, 403, "wrong-scope")


def test_it_counts_as_one_request(shop, patient_redis):
    def left(answer) -> int:
        return int(answer["RateLimit"].split("r=")[1].split(";")[0])

    before = left(send(shop, order()))
    assert before - left(send(shop, *[order()] * 100)) <= 1
