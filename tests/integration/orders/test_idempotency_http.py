"""`Idempotency-Key` on commands: a request sent again is answered again."""

import json

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from api import keys
from eventstore import store
from tests.integration.orders import shop as shops
from tests.integration.orders.replays import KEY, assert_replay, kept
from tests.integration.orders.shop import LINE, ORDERS, assert_problem, stored_events


def test_it_places_an_order_once(shop):
    first, *others = [
        shop.post(ORDERS, shops.order(), Idempotency_Key=KEY) for _ in range(3)
    ]
    assert first.status_code == 201
    assert "Idempotency-Replayed" not in first
    for again in others:
        assert_replay(again, first)
    assert again["Location"].endswith(first.json()["order_id"])
    assert again["ETag"] == '"1"'
    assert again["Consistency-Token"] == first.json()["consistency_token"]
    assert stored_events() == 1


def test_it_changes_an_order_once_also_after_later_changes(shop):
    order_id = shop.place()
    note = {"text": "Ring twice"}
    first = shop.change(order_id, "add-note", note, Idempotency_Key=KEY)
    shop.change(order_id, "confirm")
    assert_replay(shop.change(order_id, "add-note", note, Idempotency_Key=KEY), first)
    assert store.version_of(f"order-{order_id}") == 3


def test_a_replay_expects_the_version_of_the_first_time(shop):
    order_id = shop.place()
    seen = {"If_Match": '"1"', "Idempotency_Key": KEY}
    first = shop.change(order_id, "confirm", **seen)
    assert first.status_code == 200
    assert_replay(shop.change(order_id, "confirm", **seen), first)


def test_it_keeps_nothing_without_a_key(shop):
    shop.place()
    assert kept() == 0


@pytest.mark.parametrize("key", ["k", "k" * 255, "a b", '"quoted"', "~!@"])
def test_it_takes_keys_of_1_to_255_characters(shop, key):
    first = shop.post(ORDERS, shops.order(), Idempotency_Key=key)
    assert_replay(shop.post(ORDERS, shops.order(), Idempotency_Key=key), first)


@pytest.mark.parametrize("key", ["", "k" * 256, "schlüssel", "a\x00b", "a\tb"])
def test_it_refuses_other_keys(shop, key):
    answer = shop.post(ORDERS, shops.order(), Idempotency_Key=key)
    assert_problem(answer, 400, "bad-idempotency-key")
    assert stored_events() == kept() == 0


def test_it_takes_a_body_of_the_same_values_for_the_same(shop):
    body = shops.order()
    first = shop.post(ORDERS, body, Idempotency_Key=KEY)
    turned = json.dumps(dict(reversed(body.items())), indent=2).encode()
    assert_replay(shop.post(ORDERS, turned, Idempotency_Key=KEY), first)


@pytest.mark.parametrize(
    "other",
    [
        shops.order(customer_id="customer-2"),
        shops.order(lines=[LINE, LINE]),
        shops.order(note="and this"),
        shops.order(colour="blue"),  # which would be invalid
        shops.order(lines=[]),
        {},
    ],
    ids=["value", "item", "member", "unknown member", "refused", "nothing"],
)
def test_it_refuses_the_key_for_another_body(shop, other):
    first = shop.post(ORDERS, shops.order(), Idempotency_Key=KEY)
    answer = shop.post(ORDERS, other, Idempotency_Key=KEY)
    assert_problem(answer, 422, "idempotency-key-reused")
    assert stored_events() == 1
    assert_replay(shop.post(ORDERS, shops.order(), Idempotency_Key=KEY), first)


def test_it_refuses_the_key_for_another_url(shop):
    one, two = shop.place(), shop.place()
    assert shop.change(one, "confirm", Idempotency_Key=KEY).status_code == 200
    for order_id, word in ((two, "confirm"), (one, "expire")):
        answer = shop.change(order_id, word, Idempotency_Key=KEY)
        assert_problem(answer, 422, "idempotency-key-reused")
    assert stored_events() == 3


def test_a_key_is_its_clients_own(shop):
    shop.post(ORDERS, shops.order(), Idempotency_Key=KEY)
    other = keys.create(name="other", scopes=["orders:write"]).key
    answer = Client(headers={"Authorization": f"Bearer {other}"}).post(
        ORDERS,
        shops.order(customer_id="customer-2"),
        content_type="application/json",
        headers={"Idempotency-Key": KEY},
    )
    assert answer.status_code == 201
    assert "Idempotency-Replayed" not in answer
    assert stored_events() == kept() == 2


def test_a_key_is_its_users_own(database):
    people = get_user_model().objects
    for name in ("ada", "ben"):
        http = Client()
        http.force_login(people.create_user(name, is_staff=True))
        first, again = (
            http.post(
                ORDERS,
                shops.order(customer_id=name),
                content_type="application/json",
                headers={"Idempotency-Key": KEY},
            )
            for _ in range(2)
        )
        assert first.status_code == 201
        assert_replay(again, first)
    assert stored_events() == 2
