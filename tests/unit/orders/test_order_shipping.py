from decimal import Decimal

import pytest

from orders.domain import commands, errors, events
from orders.domain.values import LineQuantity
from tests.unit.orders.builders import (
    CANCELLED,
    COMPLETED,
    CONFIRMED,
    DELIVERED,
    EXPIRED,
    SHIPPED,
    cancel_lines,
    capture,
    deliver,
    place,
    return_lines,
    ship,
    units,
)
from tests.unit.orders.decider import AT, given

History = tuple[commands.OrderCommand, ...]
TWO_LINES = (place((10, "5.00"), (4, "1.00")), commands.ConfirmOrder())


def sent(shipment_id: int = 1, **quantities: int) -> events.ShipmentSent:
    return events.ShipmentSent(
        shipment_id=shipment_id,
        carrier="DHL",
        tracking_number="T1",
        lines=units(**quantities),
    )


def failed(shipment_id: int) -> commands.RecordDeliveryFailure:
    return commands.RecordDeliveryFailure(shipment_id=shipment_id, reason="not home")


def test_it_ships_all_that_is_left_and_spells_it_out() -> None:
    part_shipped = given(*TWO_LINES, cancel_lines(line1=2), ship(units(line1=3)))
    order = part_shipped.when(ship()).then(sent(2, line1=5, line2=4))
    assert order.fulfillment_status == "shipped"
    assert [line.shipped for line in order.lines] == [8, 4]
    assert [shipment.shipment_id for shipment in order.shipments] == [1, 2]
    assert order.shipments[1].sent_at == AT


def test_it_leaves_out_lines_that_are_shipped() -> None:
    given(*TWO_LINES, ship(units(line1=10))).when(ship()).then(sent(2, line2=4))


def test_it_ships_a_part() -> None:
    order = given(*TWO_LINES).when(ship(units(line2=1))).then(sent(line2=1))
    assert order.fulfillment_status == "partially_shipped"


def test_it_adds_up_the_quantities_of_one_line() -> None:
    twice = (*units(line2=1), *units(line1=2), *units(line2=3))
    given(*TWO_LINES).when(ship(twice)).then(sent(line1=2, line2=4))
    given(*TWO_LINES).when(ship((*twice, *units(line2=1)))).refused(
        errors.OverShipment, line_id=2, quantity=5, available=4
    )


def test_it_refuses_to_ship_more_than_is_left() -> None:
    part_shipped = given(*CONFIRMED, cancel_lines(line1=2), ship(units(line1=3)))
    part_shipped.when(ship(units(line1=6))).refused(
        errors.OverShipment,
        code="over-shipment",
        status=422,
        line_id=1,
        quantity=6,
        available=5,
    )


def test_it_refuses_to_ship_where_nothing_is_left() -> None:
    given(*SHIPPED).when(ship()).refused(
        errors.NothingToShip, code="nothing-to-ship", status=422
    )
    given(*CONFIRMED).when(ship(())).refused(errors.NothingToShip)


@pytest.mark.parametrize("line_id", [0, 2, -1, 10**30])
def test_it_refuses_to_ship_a_line_that_is_not_there(line_id: int) -> None:
    lines = (LineQuantity(line_id=1, quantity=99), *units(line1=1))
    unknown = LineQuantity(line_id=line_id, quantity=1)
    given(*CONFIRMED).when(ship((*lines, unknown))).refused(
        errors.UnknownLine, line_id=line_id
    )


@pytest.mark.parametrize("quantity", [0, -1, 1_000_001])
def test_it_refuses_quantities_that_no_line_can_have(quantity: int) -> None:
    for command in (
        ship(units(line1=quantity)),
        return_lines(line1=quantity),
        cancel_lines(line1=quantity),
    ):
        given(*SHIPPED).when(command).refused(errors.Invalid)


@pytest.mark.parametrize("history", [(place(),), COMPLETED, CANCELLED, EXPIRED])
def test_it_ships_only_confirmed_orders(history: History) -> None:
    given(*history).when(ship(units(line9=1))).refused(
        errors.NotAllowedInStatus, code="not-allowed-in-status", status=409
    )


def test_it_marks_a_shipment_delivered() -> None:
    order = (
        given(*SHIPPED).when(deliver()).then(events.ShipmentDelivered(shipment_id=1))
    )
    assert (order.status, order.fulfillment_status) == ("confirmed", "delivered")
    assert order.shipments[0].delivered_at == AT


def test_it_completes_a_paid_order_with_its_last_delivery() -> None:
    paid = given(*CONFIRMED, capture("50.00"), ship(units(line1=4)), ship(), deliver(2))
    assert paid.state.status == "confirmed"
    order = paid.when(deliver(1)).then(
        events.ShipmentDelivered(shipment_id=1), events.OrderCompleted()
    )
    assert order.status == "completed"


@pytest.mark.parametrize("shipment_id", [0, 2, -1, 10**30])
def test_it_does_not_know_a_shipment_that_was_not_sent(shipment_id: int) -> None:
    for command in (deliver(shipment_id), failed(shipment_id)):
        given(*SHIPPED).when(command).refused(
            errors.UnknownShipment,
            code="unknown-shipment",
            status=422,
            shipment_id=shipment_id,
        )


def test_it_takes_a_delivery_once() -> None:
    for command in (deliver(1), failed(1)):
        given(*DELIVERED).when(command).refused(
            errors.AlreadyDelivered, code="already-delivered", status=409, shipment_id=1
        )


def test_it_records_every_failed_delivery() -> None:
    order = (
        given(*SHIPPED, failed(1))
        .when(failed(1))
        .then(events.DeliveryFailed(shipment_id=1, reason="not home"))
    )
    failures = order.shipments[0].failures
    assert [(failure.reason, failure.at) for failure in failures] == [
        ("not home", AT),
        ("not home", AT),
    ]
    assert order.fulfillment_status == "shipped"


def test_it_takes_back_what_was_shipped() -> None:
    order = (
        given(*SHIPPED)
        .when(return_lines(line1=4))
        .then(events.LinesReturned(lines=units(line1=4), reason="damaged"))
    )
    assert order.fulfillment_status == "partially_returned"
    assert order.total == Decimal("50.00")


def test_it_leaves_a_completed_order_completed_when_all_comes_back() -> None:
    order = (
        given(*COMPLETED)
        .when(return_lines(line1=10))
        .then(events.LinesReturned(lines=units(line1=10), reason="damaged"))
    )
    assert (order.status, order.fulfillment_status) == ("completed", "returned")


def test_it_refuses_to_take_back_more_than_was_shipped() -> None:
    part_shipped = given(*CONFIRMED, ship(units(line1=6)), return_lines(line1=2))
    part_shipped.when(return_lines(line1=5)).refused(
        errors.OverReturn,
        code="over-return",
        status=422,
        line_id=1,
        quantity=5,
        available=4,
    )


def test_it_adds_up_what_comes_back_of_one_line() -> None:
    twice = (*units(line1=2), *units(line1=1))
    command = commands.ReturnLines(lines=twice, reason="damaged")
    given(*SHIPPED).when(command).then(
        events.LinesReturned(lines=units(line1=3), reason="damaged")
    )


def test_it_refuses_to_take_back_what_is_not_there() -> None:
    given(*SHIPPED).when(return_lines(line1=99, line2=1)).refused(
        errors.UnknownLine, line_id=2
    )
    given(place()).when(return_lines(line1=1)).refused(errors.OverReturn, available=0)
    given(*SHIPPED).when(return_lines()).refused(errors.NoLines)
