"""The same key many times at once, and `Prefer: wait=N` with a key."""

from django.db import connection

from tests.integration.eventstore import sessions
from tests.integration.eventstore.clients import Beside, together
from tests.integration.orders import shop as shops
from tests.integration.orders.reading import project
from tests.integration.orders.replays import KEY, assert_replay, kept
from tests.integration.orders.shop import ORDERS, assert_problem, stored_events
from tests.integration.orders.test_commands_http_prefer import worker

CLIENTS = 20


def send(shop, **headers):
    return shop.post(ORDERS, shops.order(), Idempotency_Key=KEY, **headers)


def test_of_twenty_at_once_one_is_carried_out(shop):
    """The others are told to come again, or are answered as that one was."""
    found = together(CLIENTS, lambda _: send(shop))
    refused = [each for each in found if each.status_code != 201]
    (first,) = [
        each
        for each in found
        if each.status_code == 201 and "Idempotency-Replayed" not in each
    ]
    for each in found:
        if each in refused:
            assert_problem(each, 409, "idempotency-in-progress")
        elif each is not first:
            assert_replay(each, first)
    assert stored_events() == kept() == 1
    assert_replay(send(shop), first)


def test_it_does_not_keep_the_second_waiting_for_the_first(shop):
    with sessions.opened() as open_session:
        watcher, blocker = open_session(autocommit=True), open_session()
        blocker.execute("LOCK TABLE eventstore_event IN EXCLUSIVE MODE")
        first = Beside(lambda: send(shop))
        sessions.wait_for_lock(watcher, first.pid)
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = '2s'")
            try:
                second = send(shop)
            finally:
                cursor.execute("RESET statement_timeout")
        assert_problem(second, 409, "idempotency-in-progress")
        blocker.rollback()
        assert first.result().status_code == 201
    assert_replay(send(shop), first.result())
    assert stored_events() == 1


def test_it_waits_for_readers_after_the_commit(shop):
    """A second one is answered meanwhile: the key is locked by nobody."""
    first = Beside(lambda: send(shop, Prefer="wait=30"))
    sessions.wait_until(kept)
    second = send(shop)
    project()
    answered = first.result()
    assert answered["Preference-Applied"] == "wait=30"
    assert "Preference-Applied" not in second
    assert_replay(second, answered)


def test_a_replay_waits_as_it_is_asked_to(shop, reader):
    first = send(shop, Prefer="wait=0")
    assert "Preference-Applied" not in first
    with worker():
        again = send(shop, Prefer="wait=20")
        assert again["Preference-Applied"] == "wait=20"
        assert reader.order(first.json()["order_id"]).status_code == 200
    assert again.content == first.content
    assert "Preference-Applied" not in send(shop)


def test_a_kept_answer_does_not_tell_that_the_first_one_waited(shop):
    with worker():
        assert send(shop, Prefer="wait=20")["Preference-Applied"] == "wait=20"
    assert "Preference-Applied" not in send(shop)
