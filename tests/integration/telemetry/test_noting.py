"""Over HTTP every command and query is noted once, whoever answers it."""

from uuid import uuid4

import pytest
from django.db import DatabaseError, connection

from api import keys
from eventstore.telemetry import outcomes, queries, sending
from tests.integration.orders import shop as shops
from tests.integration.orders.replays import KEY
from tests.integration.orders.shop import ORDERS, Shop

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def shop() -> Shop:
    return Shop()


def noted() -> list[tuple[str, str, str]]:
    """Oldest first; the counts say the same."""
    assert sending.flush()
    found = outcomes.recent(limit=100)
    assert outcomes.summary(minutes=1).total == len(found)
    return [(each.command, each.outcome, each.code) for each in reversed(found)]


def test_it_notes_an_accepted_command_once(shop):
    response = shop.post(ORDERS, shops.order())
    assert noted() == [("place-order", "accepted", "")]
    (found,) = outcomes.recent(limit=1)
    assert found.stream == f"order-{response.json()['order_id']}"
    assert found.actor == "key:shop-orders:write"
    assert (found.source, found.request_id) == ("api", response["X-Request-ID"])


def test_it_notes_a_rejection_once(shop):
    order_id = shop.place()
    assert (
        shop.change(order_id, "mark-delivered", {"shipment_id": 1}).status_code == 422
    )
    assert noted()[1:] == [("mark-delivered", "rejected", "unknown-shipment")]


@pytest.mark.parametrize(
    ("sent", "code"),
    [({"lines": 7}, "invalid"), (b"{", "malformed-json")],
)
def test_it_notes_what_cannot_be_read_as_turned_away(shop, sent, code):
    shop.post(ORDERS, sent)
    assert noted() == [("place-order", "turned-away", code)]
    (found,) = outcomes.recent(limit=1)
    assert (found.actor, found.attempts) == ("key:shop-orders:write", 0)


def test_it_names_a_command_that_is_turned_away_as_one_that_is_not(shop):
    order_id = shop.place()
    shop.change(order_id, "confirm", {"a": 1})
    shop.change(order_id, "confirm")
    names = [name for name, _, _ in noted()]
    assert names == ["place-order", "confirm-order", "confirm-order"]


def test_it_notes_replays(shop):
    for _ in range(3):
        shop.post(ORDERS, shops.order(), Idempotency_Key=KEY)
    assert noted() == [
        ("place-order", "accepted", ""),
        ("place-order", "replayed", ""),
        ("place-order", "replayed", ""),
    ]
    assert outcomes.summary(minutes=1).replays == 2


def test_it_notes_a_key_that_stands_for_another_request(shop):
    shop.post(ORDERS, shops.order(), Idempotency_Key=KEY)
    shop.post(ORDERS, shops.order(note="Another"), Idempotency_Key=KEY)
    assert noted()[1:] == [("place-order", "turned-away", "idempotency-key-reused")]


def test_it_notes_a_rejection_under_a_key_once_and_then_its_replay(shop):
    order_id = shop.place()
    shop.change(order_id, "confirm")
    for _ in range(2):
        shop.change(order_id, "confirm", Idempotency_Key=KEY)
    assert noted()[2:] == [
        ("confirm-order", "rejected", "not-allowed-in-status"),
        ("confirm-order", "replayed", ""),
    ]


def test_it_notes_a_commit_that_fails_as_failed(shop):
    def fail(execute, sql, *rest):
        if "INSERT INTO eventstore_answer" in sql:
            raise DatabaseError("it is away")
        return execute(sql, *rest)

    with connection.execute_wrapper(fail):
        response = shop.post(ORDERS, shops.order(), Idempotency_Key=KEY)
    assert response.status_code == 500
    assert noted() == [("place-order", "failed", "internal-error")]


def test_it_notes_who_may_not(shop):
    Shop(scopes=("orders:read",)).post(ORDERS, shops.order())
    assert noted() == [("place-order", "turned-away", "wrong-scope")]


def test_it_does_not_note_a_trial(shop):
    shop.post(f"{ORDERS}?validate_only=true", shops.order())
    shop.post(f"{ORDERS}?validate_only=true", {"lines": 7})
    assert noted() == []


def test_it_notes_each_order_of_a_bulk(shop):
    taken = str(uuid4())
    orders = [shops.order(order_id=taken), shops.order(order_id=taken), {"lines": 7}]
    for _ in range(2):
        shop.post(f"{ORDERS}/bulk", {"orders": orders}, Idempotency_Key=KEY)
    assert sorted(noted()) == [
        ("place-order", "accepted", ""),
        ("place-order", "rejected", "order-exists"),
        ("place-order", "replayed", ""),
        ("place-order", "turned-away", "invalid"),
    ]


def test_it_counts_queries_by_name_and_class_of_status(shop):
    reading = Shop(scopes=("orders:read",))
    for path in ("orders", "orders", f"orders/{uuid4()}", "orders?odd=1", "nothing"):
        reading.http.get(f"/api/v1/queries/{path}")
    reading.http.get("/api/v1/ops/projections")
    assert sending.flush()
    found = queries.summary(minutes=1)
    assert {(each.query, each.status): each.count for each in found.counts} == {
        ("orders", "2xx"): 2,
        ("orders", "4xx"): 1,
        ("order", "4xx"): 1,
    }
    assert (found.total, found.of_status("4xx")) == (4, 2)
    assert found.latency.p99_s > 0
    assert noted() == []


def test_it_counts_queries_without_a_key(client):
    assert client.get("/api/v1/queries/orders").status_code == 401
    assert sending.flush()
    assert queries.summary(minutes=1).of_status("4xx") == 1


def test_the_names_of_commands_tell_nothing_of_their_payload(shop):
    assert keys.verify(shop.key)
    shop.post(ORDERS, shops.order(note="a secret of Ada Byron"))
    shop.post(ORDERS, shops.order(note=7, customer_id="Ada Byron"))
    assert sending.flush()
    assert "Ada" not in str(outcomes.recent(limit=10))
