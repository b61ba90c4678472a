"""The words for what happened to an order, short and in full."""

from decimal import Decimal
from typing import get_args

import pytest

from eventstore import personal_texts
from orders import happenings
from orders.domain import events
from orders.domain.values import Address, Channel, LineQuantity
from orders.streams import ORDER
from tests.unit.orders.builders import new_line, place, units
from tests.unit.orders.decider import AT

TWO_LINES = (new_line(3, "5.00"), new_line(1, "7.50", sku="MUG", name="Mug"))
ADDRESS = Address(
    name="Ada Byron", line1="12 Mill Lane", city="Bath", postal_code="BA1", country="GB"
)
PLACED = events.OrderPlaced(
    customer_id="ada",
    currency="EUR",
    lines=(
        events.PlacedLine(
            line_id=1, sku="TEA", name="Tea", quantity=3, unit_price=Decimal("5")
        ),
    ),
    shipping_address=ADDRESS,
    external_reference="web-7",
    note="Ring twice",
    channel=Channel(kind="store", name="Bath"),
)
PAID = events.PaymentCaptured(amount=Decimal(25), method="card", reference="pay-1")
NOT_PAID = events.PaymentFailed(amount=Decimal(25), method="card", reason="expired")
SENT = events.ShipmentSent(
    shipment_id=1, carrier="DHL", tracking_number="T1", lines=units(line1=2, line2=1)
)
LINE = events.LineAdded(
    line_id=3, sku="POT", name="Pot", quantity=2, unit_price=Decimal("9.5")
)
# The event, what everybody may read, and all of it.
SENTENCES = [
    (
        PLACED,
        "Placed 1 line, 15.00 EUR",
        "Placed 1 line, 15.00 EUR, through store Bath, reference web-7; "
        "note: Ring twice",
    ),
    (LINE, "Added 2 of POT", "Added 2 Pot at 9.50 EUR"),
    (
        events.LineQuantityChanged(line_id=2, quantity=1),
        "Changed line 2 to 1 unit",
        "Changed Mug to 1 unit",
    ),
    (events.LineRemoved(line_id=9), "Removed line 9", "Removed line 9"),
    (
        events.ShippingAddressChanged(shipping_address=ADDRESS),
        "Changed the shipping address",
        "Changed the shipping address to Ada Byron, 12 Mill Lane, BA1 Bath, GB",
    ),
    (events.NoteAdded(text="Dog bites"), "Added a note", "Added a note: Dog bites"),
    (events.OrderConfirmed(), "Confirmed", "Confirmed"),
    (events.OrderCompleted(), "Completed", "Completed"),
    (events.OrderExpired(), "Expired", "Expired"),
    (
        events.OrderCancelled(reason="found cheaper"),
        "Cancelled",
        "Cancelled: found cheaper",
    ),
    (
        PAID,
        "Paid 25.00 by card",
        "Payment of 25.00 EUR captured by card, reference pay-1",
    ),
    (
        NOT_PAID,
        "Payment of 25.00 by card failed",
        "Payment of 25.00 EUR by card failed: expired",
    ),
    (
        events.PaymentRefunded(amount=Decimal("2.5"), reason="goodwill"),
        "Refunded 2.50",
        "Refunded 2.50 EUR: goodwill",
    ),
    (
        SENT,
        "Shipped 3 units by DHL",
        "Shipped 2 of 3 Tea and 1 Mug with DHL, tracking T1",
    ),
    (
        events.ShipmentDelivered(shipment_id=1),
        "Delivered shipment 1",
        "Delivered shipment 1",
    ),
    (
        events.DeliveryFailed(shipment_id=1, reason="nobody at home"),
        "Delivery of shipment 1 failed",
        "Delivery of shipment 1 failed: nobody at home",
    ),
    (
        events.LinesCancelled(lines=units(line1=1), reason="sold out"),
        "Cancelled 1 unit",
        "Cancelled 1 of 3 Tea: sold out",
    ),
    (
        events.LinesReturned(lines=units(line1=3), reason="too small"),
        "Returned 3 units",
        "Returned 3 Tea: too small",
    ),
    (events.PersonalTextsErased(), "Erased personal data", "Erased personal data"),
]


@pytest.fixture
def order():
    asked = place(lines=TWO_LINES)
    placed = ORDER.decide(None, asked, at=AT)
    return ORDER.fold(None, [(each, AT) for each in placed])


@pytest.mark.parametrize(("event", "short", "whole"), SENTENCES)
def test_it_tells_what_happened(order, event, short, whole):
    assert happenings.told(event) == short
    assert happenings.told_in_full(event, order=order) == whole


def test_it_has_words_for_every_event():
    assert {type(event) for event, _, _ in SENTENCES} == set(
        get_args(events.OrderEvent)
    )


@pytest.mark.parametrize("event", [event for event, _, _ in SENTENCES])
def test_it_tells_nothing_personal_in_short(event):
    event_type = ORDER.type_of(event)
    _, texts = personal_texts.take(
        event, personal=event_type.personal, lasting=event_type.lasting
    )
    assert [each for each in texts.values() if each in happenings.told(event)] == []


def test_it_tells_lines_that_the_order_has_not_by_their_number(order):
    sent = events.ShipmentSent(
        shipment_id=1,
        carrier="DHL",
        tracking_number="T1",
        lines=(LineQuantity(line_id=9, quantity=1),),
    )
    told = happenings.told_in_full(sent, order=order)
    assert told == "Shipped 1 of line 9 with DHL, tracking T1"


def test_it_names_three_lines_of_many(order):
    returned = events.LinesReturned(
        lines=units(line1=1, line2=1, line3=2, line4=2, line5=3), reason="broken"
    )
    told = happenings.told_in_full(returned, order=order)
    assert told == (
        "Returned 1 of 3 Tea, 1 Mug, 2 of line 3 and 5 units of other lines: broken"
    )
