"""A customer who is forgotten is nowhere any more; all others are, and all sums."""

import logging
from typing import Any

import pytest
from django.db import connections

from eventstore import commands, store
from eventstore.models import Snapshot
from orders import streams
from orders.projections.order_detail import OrderDetail
from orders.projections.order_search import OrderSearch
from orders.projections.order_summary import OrderSummary
from projections import dead_letters, operating, registry, runner, tables
from projections.models import AuditEntry, Checkpoint, DeadLetter, Operation
from projections.rebuilding import overtaken
from tests.integration.orders import everywhere, read_models
from tests.integration.orders.forgotten import (
    ADA,
    PERSONAL,
    forget,
    found,
    touch_every_field,
)
from tests.integration.orders.reading import Reader, project
from tests.integration.orders.shop import ADDRESS, Shop
from tests.integration.projections import rebuilds

pytestmark = pytest.mark.usefixtures("patient_redis")

SUMS = (
    "SELECT * FROM orders_sales_daily ORDER BY 1, 2, 3",
    "SELECT order_id, total, units, captured, refunded, country, status "
    "FROM orders_order_summary ORDER BY 1",
)
OTHERS = ("Grace Hopper", "Naval Yard 5")


def another(shop: Shop) -> str:
    name, line1 = OTHERS
    return shop.place(
        customer_id="customer-grace",
        shipping_address={**ADDRESS, "name": name, "line1": line1},
        note="ring twice",
    )


def sums() -> list[list[tuple]]:
    with connections["read"].cursor() as cursor:
        return [cursor.execute(sql).fetchall() for sql in SUMS]


@pytest.fixture(params=[OrderDetail, OrderSummary, OrderSearch])
def failing(request: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Lets one event of an order fail, with an error that quotes the order; mend()."""
    projection, fold = request.param, request.param.fold

    def failing_fold(self: Any, rows: Any, event: Any) -> None:
        if event.type == "ShipmentSent":
            raise ValueError(f"{event.data.tracking_number} of {PERSONAL['name']}")
        fold(self, rows, event)

    monkeypatch.setattr(projection, "fold", failing_fold)
    return lambda: monkeypatch.setattr(projection, "fold", fold)


def test_it_is_in_the_read_models_before(shop: Shop) -> None:
    """What the other tests do not find afterwards."""
    touch_every_field(shop)
    project()
    where = found()
    assert {
        "public.orders_order_detail",
        "public.orders_order_summary",
        "public.orders_order_search",
        "public.orders_search_word",
    } <= where
    assert any(each.startswith("Redis") for each in where)
    assert "public.eventstore_event" not in where


def test_it_leaves_nothing_of_the_customer_anywhere(
    shop: Shop, reader: Reader, caplog: Any
) -> None:
    caplog.set_level(logging.DEBUG)
    orders, other = touch_every_field(shop), another(shop)
    project()
    before = sums()
    assert reader.order(orders[0]).json()["notes"][0]["text"] == PERSONAL["note"]
    forget()
    project()
    assert found() == set()
    assert not any(each in caplog.text for each in PERSONAL.values())
    assert sums() == before
    assert set(everywhere.with_any(*OTHERS)) >= {"public.orders_order_detail"}
    shown = reader.order(orders[0]).json()
    assert shown["shipping_address"]["name"] == "[forgotten]"
    assert shown["shipping_address"]["country"] == "GB"
    assert shown["customer_id"] == ADA
    assert reader.order(other).json()["shipping_address"]["name"] == OTHERS[0]
    assert reader.found(q=PERSONAL["name"]) == []
    assert reader.found(external_reference=PERSONAL["external_reference"]) == []
    for query in ("?at_version=1", "/events"):
        answer = reader.get(f"/api/v1/queries/orders/{orders[0]}{query}")
        assert answer.status_code == 200
        assert PERSONAL["old_name"] not in answer.content.decode()


def test_it_has_the_same_rows_after_a_rebuild(shop: Shop) -> None:
    touch_every_field(shop)
    another(shop)
    project()
    forget()
    project()
    assert read_models.wrong() == {}
    for name in ("order_detail", "order_summary", "order_search"):
        operation = rebuilds.rebuild(name)
        compared = operation.result["comparison"]["tables"]
        assert all(
            not each["differing"] and not each["only_old"] and not each["only_new"]
            for each in compared.values()
        ), compared
    assert read_models.wrong() == {}


def test_it_takes_the_texts_out_of_what_is_held(shop: Shop, failing: Any) -> None:
    touch_every_field(shop)
    project()
    (letter,) = DeadLetter.objects.all()
    assert PERSONAL["tracking"] in letter.error
    forget()
    project()
    (letter,) = DeadLetter.objects.all()
    assert letter.error == letter.traceback == "[forgotten]"
    assert found() == set()
    failing()
    assert dead_letters.retry(letter.pk)
    assert read_models.wrong(letter.projection) == {}
    assert found() == set()


def test_it_forgets_while_a_rebuild_is_under_way(shop: Shop) -> None:
    touch_every_field(shop)
    project()
    filling = rebuilds.begin("order_detail", review=True)
    ready = rebuilds.until(filling, Operation.State.READY)
    assert "projections_shadow.orders_order_detail" in found()
    forget()
    project()
    assert found() == set()
    assert ready.state == Operation.State.READY


def test_it_erases_why_a_rebuild_failed(shop: Shop, monkeypatch: Any) -> None:
    touch_every_field(shop)
    project()

    def broken(self: Any, rows: Any, event: Any) -> None:
        raise ImportError(f"half a deploy: {PERSONAL['name']}")

    operation = rebuilds.begin("order_detail")
    with monkeypatch.context() as patched:
        patched.setattr(OrderDetail, "fold", broken)
        operation = rebuilds.until(operation, Operation.State.FAILED)
    assert PERSONAL["name"] in operation.note
    assert "public.projections_operation" in found()
    assert AuditEntry.objects.get(outcome="failed").detail == "ImportError"
    forget()
    project()
    assert found() == set()


def test_it_drops_kept_tables_that_the_end_does_not_reach(shop: Shop) -> None:
    touch_every_field(shop)
    project()
    rebuilds.rebuild("order_detail")
    rebuilds.rebuild("sales_daily")
    assert "projections_kept.orders_order_detail" in found()
    forget()
    project()
    operating.work(seconds=1)
    assert found() == set()
    assert rebuilds.roles("order_detail").keys() == {Checkpoint.Role.LIVE}
    assert set(rebuilds.tables_in(tables.KEPT)) == {
        each.name for each in registry.get("sales_daily").tables
    }
    entry = AuditEntry.objects.get(action="discard")
    assert (entry.projection, entry.actor) == ("order_detail", "forgetting")
    assert overtaken.discard() == []


def test_it_hides_values_in_the_differences_of_a_rebuild(shop: Shop) -> None:
    touch_every_field(shop)
    project()
    with connections["read"].cursor() as cursor:
        cursor.execute("UPDATE orders_order_summary SET external_reference = 'Xanadu'")
        cursor.execute("UPDATE orders_search_word SET orders = 7")
    for name in ("order_summary", "order_search"):
        done = rebuilds.rebuild(name)
        assert "sample" in str(done.result)
        assert not any(each in str(done.result) for each in PERSONAL.values())
        assert not any(each.lower() in str(done.result) for each in PERSONAL.values())


def test_it_erases_what_a_worker_has_read_before(shop: Shop, monkeypatch: Any) -> None:
    """The worker has the texts in its hands while the key is deleted."""
    touch_every_field(shop)
    read = store.read_settled_from

    def and_then_forgotten(**asked: Any) -> Any:
        events = read(**asked)
        assert any(each.data for each in events)
        monkeypatch.setattr(store, "read_settled_from", read)
        forget()
        return events

    monkeypatch.setattr(store, "read_settled_from", and_then_forgotten)
    runner.run_round(worker="tests")
    assert "public.orders_order_detail" in found()
    project()
    assert found() == set()


def test_it_makes_a_copy_of_the_erased_order_alone(shop: Shop, reader: Reader) -> None:
    first, _ = touch_every_field(shop)
    project()
    hit = reader.order(first)
    assert hit["X-Cache"] == "hit"
    forget()
    project()
    again = reader.order(first, If_None_Match=hit["ETag"])
    assert again.status_code == 200
    assert PERSONAL["name"] not in again.content.decode()


def test_it_knows_a_customer_again_who_comes_back(shop: Shop, reader: Reader) -> None:
    first, _ = touch_every_field(shop)
    forget()
    third = shop.place(customer_id=ADA)
    project()
    assert reader.order(third).json()["shipping_address"] == ADDRESS
    assert reader.order(first).json()["shipping_address"]["name"] == "[forgotten]"
    assert "deleted the key" in forget()
    project()
    assert reader.order(third).json()["shipping_address"]["name"] == "[forgotten]"


def test_it_deletes_snapshots(shop: Shop, settings: Any) -> None:
    snapshot = settings.CQRS.command_side.snapshot.model_copy(update={"frequency": 2})
    command_side = settings.CQRS.command_side.model_copy(update={"snapshot": snapshot})
    settings.CQRS = settings.CQRS.model_copy(update={"command_side": command_side})
    first, _ = touch_every_field(shop)
    assert Snapshot.objects.filter(stream=f"order-{first}").exists()
    assert "public.eventstore_snapshot" not in found()
    forget()
    assert not Snapshot.objects.exists()
    state = commands.load(streams.ORDER, first).state
    assert state.shipping_address.name == "[forgotten]"


def test_it_says_nothing_of_the_customer_in_the_log(
    shop: Shop, monkeypatch: Any, caplog: Any
) -> None:
    """Also where code that is broken for every event stops a projection."""

    def broken(self: Any, rows: Any, event: Any) -> None:
        raise ImportError(f"no module for {event.data.shipping_address.name}")

    monkeypatch.setattr(OrderDetail, "fold", broken)
    shop.place(customer_id=ADA, note=PERSONAL["note"])
    runner.run_round(worker="tests")
    assert "order_detail" in caplog.text
    assert "ImportError" in caplog.text
    assert ADDRESS["name"] not in caplog.text
    (failed,) = Checkpoint.objects.filter(projection="order_detail")
    assert ADDRESS["name"] in failed.failure["error"]
    monkeypatch.undo()
    forget()
    Checkpoint.objects.update(next_attempt_at=None)
    project()
    assert everywhere.with_any(ADDRESS["name"]) == set()
