"""A customer who is forgotten is nowhere any more; all others are, and all sums."""

import io
import logging
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from eventstore import commands, person_keys, store
from eventstore.models import PersonKey, Snapshot
from orders import streams
from orders.projections.order_detail import OrderDetail
from projections import dead_letters, operating, registry, runner, tables
from projections.models import AuditEntry, Checkpoint, DeadLetter, Operation
from projections.rebuilding import overtaken
from tests.integration.orders import everywhere, read_models
from tests.integration.orders.reading import Reader, project
from tests.integration.orders.shop import ADDRESS, Shop, events_of
from tests.integration.projections import rebuilds

pytestmark = pytest.mark.usefixtures("patient_redis")

ADA = "customer-ada"
# Each in another field; none of them in anything of others.
PERSONAL = {
    "name": "Zebulon",
    "line1": "Quagmire",
    "line2": "Attic7781",
    "city": "Xanadu",
    "region": "Westmarch",
    "postal_code": "POSTALCODE90317",
    "note": "Doorbellbroken",
    "later_note": "Dogbites",
    "external_reference": "REF90210",
    "payment": "PAYREF4711",
    "failed_payment": "Cardexpired",
    "tracking": "TRACK8812",
    "delivery": "Nobodyathome",
    "returned": "Toosmall",
    "refund": "Goodwilling",
    "cancelled_lines": "Changedmind",
    "cancelled": "Foundcheaper",
    "old_name": "Oldername",
}
SUMS = (
    "SELECT * FROM orders_sales_daily ORDER BY 1, 2, 3",
    "SELECT order_id, total, units, captured, refunded, country, status "
    "FROM orders_order_summary ORDER BY 1",
)
OTHERS = ("Grace Hopper", "Naval Yard 5")


def touch_every_field(shop: Shop) -> list[str]:
    """Orders of the customer in which every personal field of every event is set."""
    p = PERSONAL
    parts = ("name", "line1", "line2", "city", "region", "postal_code")
    address = {**{name: p[name] for name in parts}, "country": "GB"}
    first = shop.place(
        customer_id=ADA,
        shipping_address={**address, "name": p["old_name"]},
        note=p["note"],
        external_reference=p["external_reference"],
    )

    def ask(word: str, **body: Any) -> None:
        answer = shop.change(first, word, body)
        assert answer.status_code == 200, answer.content

    ask("change-shipping-address", shipping_address=address)
    ask("add-note", text=p["later_note"])
    ask("confirm")
    card = {"amount": "5.00", "method": "card"}
    ask("record-payment-failure", **card, reason=p["failed_payment"])
    ask("capture-payment", **card, reference=p["payment"])
    again = {**card, "reference": p["payment"]}
    refused = shop.change(first, "capture-payment", again, Idempotency_Key="k")
    assert refused.json()["code"] == "duplicate-payment"
    one = [{"line_id": 1, "quantity": 1}]
    ask("cancel-lines", lines=one, reason=p["cancelled_lines"])
    ask("ship", carrier="DHL", tracking_number=p["tracking"])
    ask("record-delivery-failure", shipment_id=1, reason=p["delivery"])
    ask("return-lines", lines=one, reason=p["returned"])
    ask("refund", amount="1.00", reason=p["refund"])
    second = shop.place(customer_id=ADA, shipping_address=address)
    assert shop.change(second, "cancel", {"reason": p["cancelled"]}).status_code == 200
    return [first, second]


def another(shop: Shop) -> str:
    name, line1 = OTHERS
    return shop.place(
        customer_id="customer-grace",
        shipping_address={**ADDRESS, "name": name, "line1": line1},
        note="ring twice",
    )


def forget(customer_id: str = ADA, *more: str) -> str:
    out = io.StringIO()
    arguments = ("forget", customer_id, "--reason", "asked for it", "--yes", *more)
    call_command("event_store", *arguments, stdout=out)
    return out.getvalue()


def react(event: Any) -> None:
    reactor = registry.reactors()["erase_forgotten_customers"]
    assert reactor.takes(event)
    assert list(reactor.react(event)) == []


def found() -> set[str]:
    return everywhere.with_any(*PERSONAL.values())


def sums() -> list[list[tuple]]:
    with connections["read"].cursor() as cursor:
        return [cursor.execute(sql).fetchall() for sql in SUMS]


@pytest.fixture
def failing_detail(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Lets one order's refund fail, with an error that quotes the order."""
    fold = OrderDetail.fold

    def failing(self: Any, rows: Any, event: Any) -> None:
        if event.type == "PaymentRefunded":
            raise ValueError(f"cannot refund {event.data.reason} of {PERSONAL['name']}")
        fold(self, rows, event)

    monkeypatch.setattr(OrderDetail, "fold", failing)
    return lambda: monkeypatch.setattr(OrderDetail, "fold", fold)


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


def test_it_takes_the_texts_out_of_what_is_held(
    shop: Shop, failing_detail: Any, caplog: Any
) -> None:
    touch_every_field(shop)
    project()
    (letter,) = DeadLetter.objects.all()
    assert PERSONAL["refund"] in letter.error
    forget()
    project()
    (letter,) = DeadLetter.objects.all()
    assert letter.error == letter.traceback == "[forgotten]"
    assert found() == set()
    assert not any(each in caplog.text for each in PERSONAL.values())
    failing_detail()
    assert dead_letters.retry(letter.pk)
    assert read_models.wrong("order_detail") == {}


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


def test_it_is_done_once_however_often_it_is_asked(shop: Shop) -> None:
    orders = touch_every_field(shop)
    assert "erased 2 orders" in forget()
    lengths = [len(events_of(each)) for each in orders]
    assert "was forgotten before" in forget()
    assert [len(events_of(each)) for each in orders] == lengths
    assert len(store.read_stream(f"customer-{ADA}")) == 1
    entries = AuditEntry.objects.filter(action="forget").order_by("pk")
    assert [each.parameters for each in entries] == [
        {"customer_id": ADA},
        {"customer_id": ADA, "again": True},
    ]
    assert {each.reason for each in entries} == {"asked for it"}


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


@pytest.mark.parametrize("statement", range(1, 20))
def test_it_is_whole_wherever_it_was_broken_off(
    shop: Shop, monkeypatch: Any, statement: int
) -> None:
    """Broken off before its nth statement on the log; the reactor does the rest."""
    orders = touch_every_field(shop)
    project()

    class Cut(Exception):
        pass

    left = [statement]

    def cut(execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
        left[0] -= 1
        if left[0] == 0:
            raise Cut
        return execute(sql, params, many, context)

    try:
        with connections["default"].execute_wrapper(cut):
            forget()
    except Cut:
        pass
    else:
        pytest.skip("there are fewer statements")
    gone = not person_keys.exists(f"customer-{ADA}")
    assert gone == bool(store.read_stream(f"customer-{ADA}"))
    if not gone:
        assert all(events_of(each)[-1].type != "PersonalTextsErased" for each in orders)
        forget()
    else:
        (forgotten,) = store.read_stream(f"customer-{ADA}")
        react(forgotten)
    project()
    assert found() == set()


def test_the_reactor_erases_the_orders(shop: Shop) -> None:
    orders = touch_every_field(shop)
    forget()
    (forgotten,) = store.read_stream(f"customer-{ADA}")
    lengths = [len(events_of(each)) for each in orders]
    react(forgotten)
    assert [len(events_of(each)) for each in orders] == lengths


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


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("customer-9", "--reason", "r", "--yes"), "has no orders"),
        (("anonymous", "--reason", "r", "--yes"), "nobody's"),
        ((ADA, "--reason", " ", "--yes"), "needs a reason"),
        ((ADA, "--reason", "r"), "confirm on a terminal"),
    ],
)
def test_it_refuses(shop: Shop, arguments: tuple[str, ...], says: str) -> None:
    shop.place(customer_id=ADA)
    shop.place(customer_id="anonymous")
    keys = PersonKey.objects.count()
    with pytest.raises(CommandError, match=says):
        call_command("event_store", "forget", *arguments)
    assert PersonKey.objects.count() == keys
    assert not store.read_stream(f"customer-{ADA}")
