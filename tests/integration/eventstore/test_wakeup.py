"""Hints: one wakes a waiting follower, and no Redis hinders an append."""

import socket
import threading
from collections.abc import Iterator

import pytest
import redis

from eventstore import redis_client, wakeup
from eventstore.breaker import Breaker
from eventstore.commands import Context, handle
from orders import streams
from tests.integration.orders.shop import Shop


@pytest.fixture(autouse=True)
def fresh_client() -> Iterator[None]:
    redis_client.forget_shared()
    yield
    redis_client.forget_shared()


def connections_to(server: socket.socket) -> int:
    count = 0
    while True:
        try:
            server.accept()[0].close()
        except BlockingIOError:
            return count
        count += 1


@pytest.mark.usefixtures("database")
def test_it_leaves_one_hint_however_many_events_were_appended() -> None:
    shop = Shop()
    for _ in range(3):
        shop.place()
    with redis_client.connect(timeout_s=1) as client:
        assert client.llen(wakeup.HINTS) == 1


@pytest.mark.usefixtures("database")
def test_it_wakes_one_that_waits() -> None:
    woken = []

    def wait() -> None:
        with redis_client.connect(timeout_s=10) as client:
            woken.append(wakeup.wait(client, timeout_s=5))

    waiting = threading.Thread(target=wait)
    waiting.start()
    wakeup.hint()
    waiting.join()
    assert woken == [True]


@pytest.mark.usefixtures("database")
def test_it_says_when_no_hint_came() -> None:
    with redis_client.connect(timeout_s=1) as client:
        assert wakeup.wait(client, timeout_s=0.01) is False


@pytest.mark.usefixtures("database")
def test_it_hints_only_after_the_commit() -> None:
    from django.db import transaction

    shop = Shop()
    with redis_client.connect(timeout_s=1) as client:
        with transaction.atomic():
            handle_confirm(shop.place())
            client.delete(wakeup.HINTS)
        assert client.llen(wakeup.HINTS) == 1


def handle_confirm(order_id: str) -> None:
    from django.utils import timezone

    from orders.domain.commands import ConfirmOrder

    handle(
        streams.ORDER,
        order_id,
        ConfirmOrder(),
        at=timezone.now(),
        context=Context(actor="tests"),
    )


def test_it_gives_up_on_a_redis_that_hangs_and_leaves_it_alone_for_a_while(
    silent_redis: socket.socket,
) -> None:
    for _ in range(20):
        wakeup.hint()
    assert connections_to(silent_redis) == 1


def test_it_tries_again_after_a_while(
    silent_redis: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    rests = Breaker(rest_s=0, trial_s=1)
    monkeypatch.setattr(redis_client, "_breaker", rests)
    wakeup.hint()
    wakeup.hint()
    assert connections_to(silent_redis) == 2


def test_its_clients_never_try_twice_by_themselves(silent_redis: socket.socket) -> None:
    with (
        redis_client.connect(timeout_s=0.01) as client,
        pytest.raises(redis.RedisError),
    ):
        client.ping()
    assert connections_to(silent_redis) == 1
