import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from orders.domain import document, events, evolve
from orders.domain.values import API, Address
from tests.unit.orders.builders import units
from tests.unit.orders.decider import AT, given

ORDER_ID = "0190b4a0-0000-7000-8000-000000000001"
PLACED = events.OrderPlaced(
    customer_id="customer-1",
    currency="EUR",
    lines=(
        events.PlacedLine(
            line_id=1, sku="TEA", name="Tea", quantity=10, unit_price=Decimal("5.00")
        ),
        events.PlacedLine(
            line_id=2, sku="PIN", name="Pin", quantity=3, unit_price=Decimal("0.005")
        ),
    ),
    shipping_address=Address(
        name="Ada", line1="12 Mill Lane", city="Bath", country="GB"
    ),
    external_reference="web-1",
    note="ring twice",
    channel=API,
)


def test_it_renders_everything_that_happened() -> None:
    order = given(
        PLACED,
        events.OrderConfirmed(),
        events.PaymentCaptured(
            amount=Decimal("50.01"), method="card", reference="ref-1"
        ),
        events.LinesCancelled(lines=units(line2=1), reason="sold out"),
        events.ShipmentSent(
            shipment_id=1,
            carrier="DHL",
            tracking_number="T1",
            lines=units(line1=10, line2=1),
        ),
        events.DeliveryFailed(shipment_id=1, reason="not home"),
        events.ShipmentDelivered(shipment_id=1),
        events.LinesReturned(lines=units(line1=2), reason="damaged"),
        events.PaymentRefunded(amount=Decimal("10.00"), reason="damaged"),
    ).state
    rendered = document.render(order, order_id=ORDER_ID)
    assert rendered == {
        "order_id": ORDER_ID,
        "external_reference": "web-1",
        "version": 9,
        "customer_id": "customer-1",
        "currency": "EUR",
        "status": "confirmed",
        "payment_status": "partially_refunded",
        "fulfillment_status": "partially_returned",
        "total": "50.01",
        "captured": "50.01",
        "refunded": "10.00",
        "lines": [
            {
                "line_id": 1,
                "sku": "TEA",
                "name": "Tea",
                "quantity": 10,
                "unit_price": "5.00",
                "shipped": 10,
                "cancelled": 0,
                "returned": 2,
            },
            {
                "line_id": 2,
                "sku": "PIN",
                "name": "Pin",
                "quantity": 3,
                "unit_price": "0.005",
                "shipped": 1,
                "cancelled": 1,
                "returned": 0,
            },
        ],
        "payments": [
            {
                "amount": "50.01",
                "method": "card",
                "reference": "ref-1",
                "at": "2026-03-01T12:00:00Z",
            }
        ],
        "refunds": [
            {"amount": "10.00", "reason": "damaged", "at": "2026-03-01T12:00:00Z"}
        ],
        "shipments": [
            {
                "shipment_id": 1,
                "carrier": "DHL",
                "tracking_number": "T1",
                "lines": [
                    {"line_id": 1, "quantity": 10},
                    {"line_id": 2, "quantity": 1},
                ],
                "sent_at": "2026-03-01T12:00:00Z",
                "delivered_at": "2026-03-01T12:00:00Z",
                "failures": [{"reason": "not home", "at": "2026-03-01T12:00:00Z"}],
            }
        ],
        "notes": [{"text": "ring twice", "at": "2026-03-01T12:00:00Z"}],
        "shipping_address": {
            "name": "Ada",
            "line1": "12 Mill Lane",
            "city": "Bath",
            "country": "GB",
        },
        "placed_at": "2026-03-01T12:00:00Z",
        "updated_at": "2026-03-01T12:00:00Z",
    }
    assert json.loads(json.dumps(rendered)) == rendered


def test_it_says_that_a_shipment_is_under_way_and_a_reference_missing() -> None:
    rendered = document.render(
        given(
            events.OrderPlaced(
                customer_id="c",
                currency="EUR",
                lines=PLACED.lines,
                shipping_address=PLACED.shipping_address,
                channel=API,
            ),
            events.ShipmentSent(
                shipment_id=1, carrier="DHL", tracking_number="T", lines=units(line1=1)
            ),
        ).state,
        order_id=ORDER_ID,
    )
    assert rendered["external_reference"] is None
    assert rendered["shipments"][0]["delivered_at"] is None
    assert rendered["notes"] == []


def test_it_renders_totals_without_superfluous_digits() -> None:
    order = given(PLACED, events.LineQuantityChanged(line_id=2, quantity=2)).state
    assert document.render(order, order_id=ORDER_ID)["total"] == "50.01"


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (datetime(2011, 1, 4, 10, 0, tzinfo=UTC), "2011-01-04T10:00:00Z"),
        (
            datetime(2011, 1, 4, 10, 0, 0, 120, tzinfo=UTC),
            "2011-01-04T10:00:00.000120Z",
        ),
        (
            datetime(
                2011, 1, 4, 1, 30, tzinfo=timezone(timedelta(hours=5, minutes=30))
            ),
            "2011-01-03T20:00:00Z",
        ),
    ],
)
def test_it_writes_times_in_utc(at: datetime, text: str) -> None:
    order = evolve.evolve(None, PLACED, at=at)
    assert document.render(order, order_id=ORDER_ID)["placed_at"] == text


def test_it_refuses_a_time_without_a_zone() -> None:
    with pytest.raises(ValueError, match="zone"):
        document.time_text(AT.replace(tzinfo=None))
