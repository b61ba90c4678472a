"""Expected figures are counted by hand from ocel2_sample.json."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import pytest

from orders.domain import events, evolve
from orders.domain.order import Order
from orders.domain.values import LineQuantity
from orders.imports import errors, ocel2
from tests.unit.orders_imports import samples

Log = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def result() -> samples.Result:
    return samples.gather(ocel2.read(samples.OCEL2).mapped)


@pytest.fixture
def changed(tmp_path: Path) -> Callable[[Callable[[Log], object]], samples.Result]:
    """What the sample maps to after a change to it."""

    def read(change: Callable[[Log], object]) -> samples.Result:
        log = json.loads(samples.OCEL2.read_text(encoding="utf-8"))
        change(log)
        path = tmp_path / "changed.json"
        path.write_text(json.dumps(log), encoding="utf-8")
        return samples.gather(ocel2.read(path).mapped)

    return read


def id_of(order: str) -> UUID:
    return uuid5(NAMESPACE_URL, f"ocel2:{order}")


def named(log: Log, id: str) -> dict[str, Any]:
    return next(each for each in log["events"] + log["objects"] if each["id"] == id)


def states(result: samples.Result, order: str) -> list[Order]:
    folded: list[Order] = []
    for event, at in result.orders[id_of(order)]:
        folded.append(evolve.evolve(folded[-1] if folded else None, event, at=at))
    return folded


def types(result: samples.Result, order: str) -> list[str]:
    return [type(event).__name__ for event in result.events(id_of(order))]


def sent(id: int, package: str, *parts: tuple[int, int]) -> events.ShipmentSent:
    return events.ShipmentSent(
        shipment_id=id,
        carrier="import",
        tracking_number=package,
        lines=tuple(
            LineQuantity(line_id=line, quantity=units) for line, units in parts
        ),
    )


def test_it_accounts_for_every_source_event(result):
    assert (result.read, result.imported, result.ignored) == (18, 12, 6)
    assert result.rejects == []


def test_it_sorts_by_time_and_keeps_the_order_of_the_file_in_ties(result):
    assert list(result.orders) == [id_of("o-2"), id_of("o-1")]
    assert types(result, "o-2") == [
        "OrderPlaced",
        "ShipmentSent",
        "DeliveryFailed",
        "PaymentCaptured",
        "ShipmentDelivered",
        "OrderConfirmed",
        "OrderCompleted",
    ]


def test_it_makes_a_line_of_each_product_at_each_price_and_of_shipping(result):
    placed = result.events(id_of("o-1"))[0]
    assert [
        (line.line_id, line.sku, line.quantity, str(line.unit_price))
        for line in placed.lines
    ] == [
        (1, "Tea", 2, "10.00"),
        (2, "Tea", 1, "12.00"),
        (3, "Mug", 1, "5.50"),
        (4, "SHIPPING", 1, "5.00"),
    ]
    assert (placed.customer_id, placed.currency) == ("Ada AG", "EUR")
    assert (placed.external_reference, placed.order_id) == ("o-1", id_of("o-1"))
    assert placed.shipping_address.country == "unknown"


def test_it_sends_a_package_as_one_shipment_per_order_in_it(result):
    assert [
        event
        for event in result.events(id_of("o-1"))
        if isinstance(event, events.ShipmentSent)
    ] == [sent(1, "p-1", (1, 1), (2, 1), (4, 1)), sent(2, "p-2", (1, 1), (3, 1))]
    assert sent(1, "p-1", (1, 1), (2, 1)) in result.events(id_of("o-2"))


def test_it_completes_an_order_once_all_is_delivered_and_paid(result):
    assert types(result, "o-1") == [
        "OrderPlaced",
        "OrderConfirmed",
        "NoteAdded",
        "ShipmentSent",
        "DeliveryFailed",
        "ShipmentDelivered",
        "ShipmentSent",
        "PaymentCaptured",  # 01:30+02:00 is before midnight UTC
        "ShipmentDelivered",
        "OrderCompleted",
    ]
    _, paid_at = result.orders[id_of("o-1")][7]
    assert (paid_at, paid_at.tzinfo) == (datetime(2024, 3, 6, 23, 30, tzinfo=UTC), UTC)


def test_it_leaves_an_order_pending_that_arrives_before_it_is_confirmed(result):
    *_, delivered, confirmed, completed = states(result, "o-2")
    assert (delivered.status, delivered.fulfillment_status) == ("pending", "delivered")
    assert (confirmed.status, completed.status) == ("confirmed", "completed")


def test_it_pays_the_total_with_the_source_event_as_reference(result):
    assert [
        (paid.amount, paid.method, paid.reference)
        for paid in result.all(events.PaymentCaptured)
    ] == [
        (Decimal("10.50"), "import", "pay_o-2"),
        (Decimal("42.50"), "import", "pay_o-1"),
    ]


@pytest.mark.parametrize(
    ("change", "reason", "imported"),
    [
        (lambda log: named(log, "send_p-2").update(type="teleport"),
         "unknown-event-type", 10),
        (lambda log: named(log, "confirm_o-1").update(id="place_o-1"),
         "repeated-id", 11),
        (lambda log: named(log, "confirm_o-1").update(id="x" * 65), "bad-id", 11),
        (lambda log: log["events"].append(
            {**named(log, "confirm_o-1"), "id": "again"}), "confirmed-before", 12),
        (lambda log: log["events"].append({**named(log, "pay_o-1"), "id": "again"}),
         "paid-before", 12),
        (lambda log: log["events"].append({**named(log, "send_p-1"), "id": "again"}),
         "sent-before", 12),
        (lambda log: log["events"].append(
            {**named(log, "deliver_p-2"), "id": "again"}), "delivered-before", 12),
        (lambda log: log["events"].append(
            {**named(log, "place_o-2"), "id": "again"}), "order-exists", 12),
        (lambda log: named(log, "reminder_o-1_1").update(relationships=[]),
         "incomplete", 11),
    ],
)  # fmt: skip
def test_it_rejects_an_event_that_fits_to_no_order(changed, change, reason, imported):
    result = changed(change)
    assert reason in {reject.reason for reject in result.rejects}
    assert result.imported == imported
    assert result.read == result.imported + result.ignored + len(result.rejects)
    assert json.loads(result.rejects[0].raw)["id"]


def test_it_rejects_an_order_whose_price_is_not_that_of_its_lines(changed):
    def cheapen(log: Log) -> None:
        named(log, "o-1")["attributes"][0]["value"] = 42.49

    result = changed(cheapen)
    assert list(result.orders) == [id_of("o-2")]
    assert [reject.reason for reject in result.rejects if reject.number == 6] == [
        "price-mismatch"
    ]
    assert {reject.reason for reject in result.rejects} == {
        "price-mismatch",
        "unknown-order",
        "unknown-item",
        "unknown-package",
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Input data was truncated"),
        ('{"events": []}', "missing required field `objects`"),
        (
            '{"events": [{"id": "1", "type": "x", "time": "soon"}], "objects": []}',
            "$.events[0].time",
        ),
        (
            '{"events": [{"id": "1", "type": "x", "time": "2024-01-01T00:00:00"}], '
            '"objects": []}',
            "timezone",
        ),
    ],
)
def test_it_refuses_a_file_that_is_no_log(tmp_path, text, message):
    path = tmp_path / "log.json"
    path.write_text(text)
    with pytest.raises(errors.UnreadableFile) as caught:
        ocel2.read(path)
    assert message in str(caught.value)
