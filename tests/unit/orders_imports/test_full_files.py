"""The mappings of the full files against what was computed without them."""

import json
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orders.domain import events, evolve
from orders.domain.order import Order
from orders.imports import ocel2, online_retail
from tests.unit.orders_imports import samples

RETAIL = "online-retail/online_retail.csv.xz"
RETAIL_ORDERS = "online-retail/expected_orders.json"
OCEL2 = "ocel2-order-management/order-management.json.xz"
FIGURES = ("orders", "lines", "units", "placed", "returned_units", "refunded")


class Sums:
    """Figures of expected_orders.json for one kind of group, added up by key."""

    def __init__(self) -> None:
        self._sums: dict[str, Counter[str]] = defaultdict(Counter)

    def add(self, key: str, **figures: Any) -> None:
        self._sums[key].update(figures)

    def of(self, key: str) -> dict[str, Decimal]:
        return {name: Decimal(self._sums[key][name]) for name in FIGURES}

    def keys(self) -> set[str]:
        return set(self._sums)


class Totals:
    """Walks the histories once and sums them up by everything that is expected."""

    def __init__(self, path: Path) -> None:
        self.types: Counter[str] = Counter()
        self.read = self.imported = 0
        self.reasons: Counter[str] = Counter()
        self.by_month, self.by_country, self.by_customer = Sums(), Sums(), Sums()
        self.by_sku, self.by_day = Sums(), Sums()
        self.orders: dict[Any, Order] = {}
        for mapped in online_retail.read(path).mapped:
            self.read += mapped.read
            self.imported += mapped.imported
            self.reasons.update(reject.reason for reject in mapped.rejects)
            for history in mapped.histories:
                for event in history.events:
                    self._take(history, event)

    def _take(self, history: Any, event: Any) -> None:
        self.types[type(event).__name__] += 1
        before = self.orders.get(history.order_id)
        order = evolve.evolve(before, event, at=history.at)
        self.orders[history.order_id] = order
        match event:
            case events.OrderPlaced():
                self._add(
                    order,
                    history.at,
                    orders=1,
                    lines=len(order.lines),
                    units=order.units_ordered,
                    placed=order.total,
                )
                self._add_products(order)
            case events.LinesReturned():
                units = sum(part.quantity for part in event.lines)
                self._add(order, history.at, returned_units=units)
                for part in event.lines:
                    line = order.lines[part.line_id - 1]
                    self.by_sku.add(
                        line.sku,
                        returned_units=part.quantity,
                        refunded=part.quantity * line.unit_price,
                    )
            case events.PaymentRefunded():
                self._add(order, history.at, refunded=event.amount)

    def _add(self, order: Order, at: Any, **figures: Any) -> None:
        self.by_month.add(f"{at:%Y-%m}", **figures)
        self.by_day.add(f"{at:%Y-%m-%d}", **figures)
        self.by_country.add(order.shipping_address.country, **figures)
        self.by_customer.add(order.customer_id, **figures)

    def _add_products(self, order: Order) -> None:
        for line in order.lines:
            self.by_sku.add(line.sku, lines=1, units=line.quantity, placed=line.total)
        for sku in {line.sku for line in order.lines}:
            self.by_sku.add(sku, orders=1)


@pytest.fixture(scope="module")
def totals() -> Totals:
    return Totals(samples.full_file(RETAIL))


def test_it_gives_every_figure_of_online_retail(totals):
    orders = totals.orders.values()
    assert totals.read == 541_909
    assert totals.imported == 541_909 - 3_111
    assert totals.types == {
        "OrderPlaced": 20_725,
        "OrderConfirmed": 20_725,
        "PaymentCaptured": 20_725 - 766,
        "ShipmentSent": 20_725,
        "LinesReturned": 3_849,
        "PaymentRefunded": 3_848,  # one of the returns was of something free
    }
    assert totals.reasons == {
        "stock-write-off": 1_336,
        "no-matching-purchase": 1_335,
        "no-customer": 383,
        "partly-matched": 54,
        "adjustment": 3,
    }
    assert sum(len(order.lines) for order in orders) == 531_282
    assert sum(order.total for order in orders) == Decimal("10655622.484")
    assert sum(order.total == 0 for order in orders) == 766
    assert max((len(order.lines), order.external_reference) for order in orders) == (
        1_114,
        "573585",
    )
    assert sum(order.units_returned for order in orders) == 250_838
    assert sum(order.refunded for order in orders) == Decimal("515404.90")
    assert sum(order.units_returned > 0 for order in orders) == 3_265
    assert sum(order.fulfillment_status == "returned" for order in orders) == 161
    assert {str(order.status) for order in orders} == {"confirmed"}


@pytest.mark.parametrize(
    ("group", "attribute"),
    [
        ("by_month", "by_month"),
        ("by_country", "by_country"),
        ("by_customer_top_50", "by_customer"),
        ("by_sku_top_50", "by_sku"),
        ("by_day_december_2010", "by_day"),
    ],
)
def test_it_agrees_with_what_was_computed_independently(totals, group, attribute):
    expected = json.loads(samples.full_file(RETAIL_ORDERS).read_text())[group]
    sums: Sums = getattr(totals, attribute)
    assert len(expected) >= 13
    assert {key: sums.of(key) for key in expected} == {
        key: {name: Decimal(figures[name]) for name in FIGURES}
        for key, figures in expected.items()
    }
    if attribute in ("by_month", "by_country"):
        assert sums.keys() == set(expected)


def test_it_gives_every_figure_of_ocel2():
    result = samples.gather(ocel2.read(samples.full_file(OCEL2)).mapped)
    assert (result.read, result.ignored, result.rejects) == (21_008, 11_875, [])
    assert result.imported == 21_008 - 11_875
    types = Counter(
        type(event).__name__
        for happened in result.orders.values()
        for event, _ in happened
    )
    assert types == {
        "OrderPlaced": 2_000,
        "OrderConfirmed": 2_000,
        "PaymentCaptured": 2_000,
        "OrderCompleted": 2_000,
        "NoteAdded": 566,
        "ShipmentSent": 4_264,
        "ShipmentDelivered": 4_264,
        "DeliveryFailed": 1_117,
    }
    shipped_early = delivered_early = 0
    total = Decimal(0)
    for happened in result.orders.values():
        order: Order | None = None
        for event, at in happened:
            if isinstance(event, events.OrderConfirmed):
                shipped_early += order.units_shipped > 0
                delivered_early += order.fulfillment_status == "delivered"
            order = evolve.evolve(order, event, at=at)
        assert (order.status, order.payment_status) == ("completed", "paid")
        assert order.fulfillment_status == "delivered"
        total += order.total
    assert total == Decimal("4761909.99")
    assert (shipped_early, delivered_early) == (133, 6)
