"""`Prefer: wait=N` on commands: answered when the order can be read, or in time."""

import threading
import time
from contextlib import contextmanager

import pytest
from django.db import connections

from cqrs_site import configuration
from eventstore import store
from orders.projections.order_detail import OrderDetail
from projections import actors, control, runner, waiting
from tests.integration.orders import shop as shops
from tests.integration.orders.reading import project

ADA = actors.program("tests")


@contextmanager
def worker():
    """Follows the log in a thread until the block ends."""
    ended = threading.Event()

    def follow():
        while not ended.is_set():
            runner.run_round(worker="tests")
            time.sleep(0.01)
        connections.close_all()

    thread = threading.Thread(target=follow)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def test_it_answers_when_the_order_can_be_read(shop, reader):
    with worker():
        placed = shop.post(shops.ORDERS, shops.order(), Prefer="wait=20")
        order_id = placed.json()["order_id"]
        assert placed["Preference-Applied"] == "wait=20"
        assert reader.order(order_id).json()["version"] == 1
        confirmed = shop.change(order_id, "confirm", Prefer="wait=20")
        assert confirmed["Preference-Applied"] == "wait=20"
        assert reader.order(order_id).json()["status"] == "confirmed"
        assert reader.page()["data"][0]["status"] == "confirmed"


@pytest.mark.parametrize("paused", ["order_summary", "order_detail"])
def test_it_answers_without_it_when_the_time_is_over(shop, paused):
    order_id = shop.place()
    project()
    control.pause(paused, actor=ADA, reason="tests")
    with worker():
        answer = shop.change(order_id, "confirm", Prefer="wait=1")
    assert answer.status_code == 200
    assert "Preference-Applied" not in answer
    assert answer["Consistency-Token"]
    assert store.version_of(f"order-{order_id}") == 2


def test_it_does_not_wait_unless_asked(shop):
    answer = shop.post(shops.ORDERS, shops.order())
    assert answer.status_code == 201
    assert "Preference-Applied" not in answer


def test_it_does_not_call_a_parked_order_readable(shop, monkeypatch):
    order_id = shop.place()
    project()

    def failing(self, rows, event):
        raise ValueError(event.type)

    monkeypatch.setattr(OrderDetail, "fold", failing)
    with worker():
        answer = shop.change(order_id, "confirm", Prefer="wait=5")
    assert answer.status_code == 200
    assert "Preference-Applied" not in answer


def test_it_answers_at_once_where_all_places_are_taken(shop, settings):
    settings.CQRS = configuration.load(
        str(settings.BASE_DIR / "cqrs.yaml"),
        environ={"CQRS__QUERY_SIDE__CONSISTENCY__MAX_WAITING": "1"},
    )
    with waiting.LOOKOUT.place():
        began = time.monotonic()
        answer = shop.post(shops.ORDERS, shops.order(), Prefer="wait=30")
        assert time.monotonic() - began < 30
    assert answer.status_code == 201
    assert "Preference-Applied" not in answer
