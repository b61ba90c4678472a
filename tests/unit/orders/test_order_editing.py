from decimal import Decimal

import pytest
from msgspec import structs

from orders.domain import commands, errors, events
from orders.domain.commands import ConfirmOrder
from orders.domain.order import Order
from orders.domain.rules import Rules
from orders.domain.values import LineQuantity
from tests.unit.orders.builders import (
    ADDRESS,
    CANCELLED,
    COMPLETED,
    CONFIRMED,
    EXPIRED,
    IMPORTED,
    SHIPPED,
    capture,
    place,
    refund,
)
from tests.unit.orders.decider import AT, given

MOVED = structs.replace(ADDRESS, line1="1 High Street")
SENT_EARLY = events.ShipmentSent(
    shipment_id=1,
    carrier="import",
    tracking_number="p-1",
    lines=(LineQuantity(line_id=1, quantity=3),),
)


def add(quantity: int, unit_price: str) -> commands.AddLine:
    return commands.AddLine(
        sku="CUP", name="Cup", quantity=quantity, unit_price=Decimal(unit_price)
    )


def change(line_id: int, quantity: int) -> commands.ChangeLineQuantity:
    return commands.ChangeLineQuantity(line_id=line_id, quantity=quantity)


def remove(line_id: int) -> commands.RemoveLine:
    return commands.RemoveLine(line_id=line_id)


def added(line_id: int, quantity: int, unit_price: str) -> events.LineAdded:
    return events.LineAdded(
        line_id=line_id,
        sku="CUP",
        name="Cup",
        quantity=quantity,
        unit_price=Decimal(unit_price),
    )


def line_ids(order: Order) -> list[int]:
    return [line.line_id for line in order.lines]


def test_it_adds_a_line_with_the_next_number() -> None:
    order = given(place()).when(add(2, "3.5")).then(added(2, 2, "3.50"))
    assert (order.total, order.units_ordered) == (Decimal("57.00"), 12)


def test_it_never_uses_the_number_of_a_removed_line_again() -> None:
    edited = given(place((10, "5.00"), (1, "1.00")), remove(2))
    order = edited.when(add(1, "1.00")).then(added(3, 1, "1.00"))
    assert line_ids(order) == [1, 3]


def test_it_refuses_a_line_too_many() -> None:
    rules = Rules(max_lines=2)
    full = given(place((1, "10.00"), (1, "10.00")), rules=rules)
    full.when(add(1, "1.00")).refused(errors.TooManyLines, lines=3, allowed=2)


def test_it_gives_the_place_of_a_removed_line_to_another() -> None:
    rules = Rules(max_lines=2)
    edited = given(place((1, "10.00"), (1, "10.00")), remove(1), rules=rules)
    edited.when(add(1, "1.00")).then(added(3, 1, "1.00"))


def test_it_refuses_a_line_that_makes_the_total_too_large() -> None:
    given(place()).when(add(1_000_000, "99999999999999")).refused(
        errors.TotalTooLarge, code="total-too-large"
    )


def test_it_refuses_a_line_with_impossible_numbers() -> None:
    decision = given(place()).when(add(0, "-1"))
    assert isinstance(decision.refusal, errors.Invalid)
    pointers = [fault.pointer for fault in decision.refusal.faults]
    assert pointers == ["/quantity", "/unit_price"]


def test_it_changes_the_quantity_of_a_line() -> None:
    order = (
        given(place((10, "5.00"), (4, "1.00")))
        .when(change(2, 7))
        .then(events.LineQuantityChanged(line_id=2, quantity=7))
    )
    assert (order.total, order.units_ordered) == (Decimal("57.00"), 17)
    assert [line.quantity for line in order.lines] == [10, 7]


def test_it_keeps_the_minimum_when_a_quantity_falls() -> None:
    given(place()).when(change(1, 1)).refused(
        errors.MinimumOrderAmount, total=Decimal("5.00")
    )
    given(place()).when(change(1, 2)).then(
        events.LineQuantityChanged(line_id=1, quantity=2)
    )


def test_it_lets_an_order_below_the_minimum_grow() -> None:
    imported = events.OrderPlaced(
        customer_id="c",
        currency="EUR",
        lines=(added(1, 1, "2.00"),),
        shipping_address=ADDRESS,
        channel=IMPORTED,
    )
    given(imported).when(change(1, 3)).then(
        events.LineQuantityChanged(line_id=1, quantity=3)
    )


def test_it_does_not_let_the_total_fall_below_what_is_captured() -> None:
    paid = given(place(), capture("30.00"))
    paid.when(change(1, 5)).refused(
        errors.BelowCaptured,
        code="below-captured",
        status=422,
        total=Decimal("25.00"),
        captured=Decimal("30.00"),
    )
    paid.when(change(1, 6)).then(events.LineQuantityChanged(line_id=1, quantity=6))


def test_it_counts_what_was_captured_in_all_while_pending() -> None:
    refunded = given(place(), capture("30.00"), refund("30.00"))
    refunded.when(change(1, 5)).refused(errors.BelowCaptured, captured=Decimal("30.00"))


def test_it_refuses_a_quantity_that_makes_the_total_too_large() -> None:
    given(place((1, "99999999999999"))).when(change(1, 2)).refused(errors.TotalTooLarge)


@pytest.mark.parametrize("quantity", [0, -1, 1_000_001, 10**30])
def test_it_refuses_a_quantity_that_no_line_can_have(quantity: int) -> None:
    given(place()).when(change(1, quantity)).refused(errors.Invalid)


@pytest.mark.parametrize("line_id", [0, -1, 2, 10**30])
def test_it_refuses_to_edit_a_line_that_is_not_there(line_id: int) -> None:
    order = given(place())
    order.when(change(line_id, 1)).refused(
        errors.UnknownLine, code="unknown-line", status=422, line_id=line_id
    )
    order.when(remove(line_id)).refused(errors.UnknownLine, line_id=line_id)


def test_it_removes_a_line() -> None:
    order = (
        given(place((10, "5.00"), (4, "1.00"), (1, "2.00")))
        .when(remove(2))
        .then(events.LineRemoved(line_id=2))
    )
    assert line_ids(order) == [1, 3]
    assert (order.total, order.units_ordered) == (Decimal("52.00"), 11)


def test_it_does_not_know_a_removed_line() -> None:
    edited = given(place((10, "5.00"), (1, "1.00"), (1, "1.00")), remove(2))
    edited.when(remove(2)).refused(errors.UnknownLine, line_id=2)
    edited.when(change(3, 2)).then(events.LineQuantityChanged(line_id=3, quantity=2))


def test_it_refuses_to_remove_the_last_line() -> None:
    given(place()).when(remove(1)).refused(errors.LastLine, code="last-line", line_id=1)


def test_it_keeps_the_minimum_when_a_line_goes() -> None:
    given(place((10, "5.00"), (1, "9.00"))).when(remove(1)).refused(
        errors.MinimumOrderAmount, total=Decimal("9.00")
    )


def test_it_keeps_a_line_whose_price_is_captured() -> None:
    paid = given(place((10, "5.00"), (2, "10.00")), capture("51.00"))
    paid.when(remove(2)).refused(errors.BelowCaptured, total=Decimal("50.00"))


def test_it_does_not_edit_units_that_history_shipped_early() -> None:
    early = given(place((10, "5.00"), (4, "9.00")), SENT_EARLY)
    early.when(remove(1)).refused(errors.AlreadyShipped, units_shipped=3)
    early.when(change(1, 2)).refused(errors.AlreadyShipped, units_shipped=3)
    early.when(change(1, 3)).then(events.LineQuantityChanged(line_id=1, quantity=3))


@pytest.mark.parametrize("history", [CONFIRMED, COMPLETED, CANCELLED, EXPIRED])
@pytest.mark.parametrize("command", [add(1, "1.00"), change(9, 1), remove(9)])
def test_it_edits_lines_only_while_pending(
    history: tuple[commands.OrderCommand, ...], command: commands.OrderCommand
) -> None:
    given(*history).when(command).refused(
        errors.NotAllowedInStatus,
        code="not-allowed-in-status",
        status=409,
        order_status=given(*history).state.status,
    )


@pytest.mark.parametrize("history", [(place(),), CONFIRMED])
def test_it_changes_the_address_before_anything_is_shipped(
    history: tuple[commands.OrderCommand, ...],
) -> None:
    order = (
        given(*history)
        .when(commands.ChangeShippingAddress(shipping_address=MOVED))
        .then(events.ShippingAddressChanged(shipping_address=MOVED))
    )
    assert order.shipping_address == MOVED


def test_it_does_not_change_the_address_of_what_is_shipped() -> None:
    given(*SHIPPED).when(
        commands.ChangeShippingAddress(shipping_address=MOVED)
    ).refused(errors.AlreadyShipped, code="already-shipped", status=409)


@pytest.mark.parametrize("history", [COMPLETED, CANCELLED, EXPIRED])
def test_it_does_not_change_the_address_of_a_settled_order(
    history: tuple[commands.OrderCommand, ...],
) -> None:
    given(*history).when(
        commands.ChangeShippingAddress(shipping_address=MOVED)
    ).refused(errors.NotAllowedInStatus)


@pytest.mark.parametrize(
    "history", [(place(),), CONFIRMED, COMPLETED, CANCELLED, EXPIRED]
)
def test_it_takes_notes_in_every_status(
    history: tuple[commands.OrderCommand, ...],
) -> None:
    order = (
        given(*history)
        .when(commands.AddNote(text="ring\ntwice"))
        .then(events.NoteAdded(text="ring\ntwice"))
    )
    assert [(note.text, note.at) for note in order.notes] == [("ring\ntwice", AT)]


def test_it_confirms_a_pending_order_once() -> None:
    order = given(place()).when(ConfirmOrder()).then(events.OrderConfirmed())
    assert order.status == "confirmed"
    given(*CONFIRMED).when(ConfirmOrder()).refused(errors.NotAllowedInStatus)
