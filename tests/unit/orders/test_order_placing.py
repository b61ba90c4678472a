from decimal import Decimal
from uuid import UUID

import pytest
from msgspec import structs

from orders.domain import commands, errors, events
from orders.domain.rules import Rules
from orders.domain.values import Channel
from tests.unit.orders import builders
from tests.unit.orders.builders import ADDRESS, new_line, place
from tests.unit.orders.decider import AT, given


def test_it_places_an_order_and_numbers_its_lines() -> None:
    command = place(
        lines=(new_line(2, "5.5"), new_line(1, "0.001", sku="CUP", name="Cup")),
        order_id=UUID(int=1),
        external_reference="web-1",
        note="ring twice",
        channel=Channel(kind="store", name="Bath"),
    )
    order = (
        given()
        .when(command)
        .then(
            events.OrderPlaced(
                customer_id="customer-1",
                currency="EUR",
                lines=(
                    events.PlacedLine(
                        line_id=1,
                        sku="TEA",
                        name="Tea",
                        quantity=2,
                        unit_price=Decimal("5.50"),
                    ),
                    events.PlacedLine(
                        line_id=2,
                        sku="CUP",
                        name="Cup",
                        quantity=1,
                        unit_price=Decimal("0.001"),
                    ),
                ),
                shipping_address=ADDRESS,
                order_id=UUID(int=1),
                external_reference="web-1",
                note="ring twice",
                channel=Channel(kind="store", name="Bath"),
            )
        )
    )
    assert (order.version, order.status, order.total) == (
        1,
        "pending",
        Decimal("11.001"),
    )
    assert [(note.text, note.at) for note in order.notes] == [("ring twice", AT)]


def test_it_stores_prices_with_two_to_four_fraction_digits() -> None:
    decision = given().when(place((1, "12.5"), (1, "3.1400"), (1, "7"), (1, "0.0010")))
    [placed] = decision.events
    assert isinstance(placed, events.OrderPlaced)
    prices = [str(line.unit_price) for line in placed.lines]
    assert prices == ["12.50", "3.14", "7.00", "0.001"]


def test_it_refuses_an_order_that_exists() -> None:
    given(place()).when(place()).refused(
        errors.OrderExists, code="order-exists", status=409, version=1
    )


def test_it_refuses_an_order_without_lines() -> None:
    given().when(place(lines=())).refused(errors.NoLines, code="no-lines", status=422)


@pytest.mark.parametrize(("lines", "accepted"), [(2_000, True), (2_001, False)])
def test_it_takes_two_thousand_lines_and_not_one_more(
    lines: int, accepted: bool
) -> None:
    decision = given().when(place(*[(1, "1.00")] * lines))
    if accepted:
        assert decision.refusal is None
    else:
        decision.refused(
            errors.TooManyLines, code="too-many-lines", lines=2_001, allowed=2_000
        )


def test_it_refuses_a_total_below_the_minimum() -> None:
    given().when(place((1, "9.9999"))).refused(
        errors.MinimumOrderAmount,
        code="minimum-order-amount",
        total=Decimal("9.9999"),
        minimum=Decimal("10.00"),
        currency="EUR",
    )


def test_it_takes_a_total_at_the_minimum() -> None:
    assert given().when(place((1, "10.00"))).refusal is None


def test_it_asks_for_the_minimum_of_the_currency() -> None:
    rules = Rules(minimum_order_amounts={"JPY": Decimal("1000")})
    thousand = place((1, "999"), currency="JPY")
    given(rules=rules).when(thousand).refused(
        errors.MinimumOrderAmount, minimum=Decimal("1000"), currency="JPY"
    )
    assert given(rules=rules).when(place((1, "10.00"))).refusal is None


def test_it_takes_a_total_of_zero_where_the_minimum_allows_it() -> None:
    rules = Rules(default_minimum_order_amount=Decimal("0"))
    decision = given(rules=rules).when(place((1, "0")))
    assert decision.order is not None
    assert decision.order.payment_status == "paid"


def test_it_refuses_a_total_that_no_column_can_hold() -> None:
    given().when(place((1, "99999999999999.9999"), (1, "0.0001"))).refused(
        errors.TotalTooLarge, code="total-too-large", total=Decimal(10) ** 14
    )


def test_it_takes_the_largest_total() -> None:
    largest = given().when(place((1, "99999999999999.9999")))
    assert largest.order is not None
    assert largest.order.total == Decimal("99999999999999.9999")


def test_it_counts_the_largest_possible_total_exactly() -> None:
    lines = [(1_000_000, "99999999999999.9999")] * 2_000
    given().when(place(*lines)).refused(
        errors.TotalTooLarge, total=2_000 * 1_000_000 * Decimal("99999999999999.9999")
    )


@pytest.mark.parametrize(
    ("line", "pointer"),
    [
        ((0, "10"), "/lines/0/quantity"),
        ((-1, "10"), "/lines/0/quantity"),
        ((1_000_001, "10"), "/lines/0/quantity"),
        ((10**30, "10"), "/lines/0/quantity"),
        ((1, "-0.01"), "/lines/0/unit_price"),
        ((1, "10.00001"), "/lines/0/unit_price"),
        ((1, "100000000000000"), "/lines/0/unit_price"),
        ((1, "1E+999999"), "/lines/0/unit_price"),
        ((1, "1E-999999"), "/lines/0/unit_price"),
        ((1, "NaN"), "/lines/0/unit_price"),
        ((1, "sNaN"), "/lines/0/unit_price"),
        ((1, "Infinity"), "/lines/0/unit_price"),
        ((1, "-Infinity"), "/lines/0/unit_price"),
    ],
)
def test_it_refuses_numbers_that_no_line_can_have(
    line: tuple[int, str], pointer: str
) -> None:
    decision = given().when(place(line))
    decision.refused(errors.Invalid, code="invalid", status=422)
    assert isinstance(decision.refusal, errors.Invalid)
    assert [fault.pointer for fault in decision.refusal.faults] == [pointer]


@pytest.mark.parametrize("currency", ["XYZ", "eur", "", "XXX", "XTS", "DEM"])
def test_it_refuses_what_is_no_active_currency(currency: str) -> None:
    given().when(place(currency=currency)).refused(errors.Invalid)


def test_it_names_every_fault_at_once() -> None:
    decision = given().when(place((1, "10"), (0, "NaN"), currency="EURO"))
    assert isinstance(decision.refusal, errors.Invalid)
    assert [fault.pointer for fault in decision.refusal.faults] == [
        "/currency",
        "/lines/1/quantity",
        "/lines/1/unit_price",
    ]


def test_it_takes_minus_zero_for_zero() -> None:
    decision = given().when(place((1, "10"), (1, "-0.00")))
    [placed] = decision.events
    assert isinstance(placed, events.OrderPlaced)
    assert str(placed.lines[1].unit_price) == "0.00"


def test_it_keeps_the_optional_parts_of_an_address() -> None:
    address = structs.replace(ADDRESS, line2="Flat 2", region="Avon", postal_code="BA1")
    decision = given().when(place(shipping_address=address))
    assert decision.order is not None
    assert decision.order.shipping_address == address


@pytest.mark.parametrize(
    "command",
    [
        builders.ship(),
        builders.deliver(),
        builders.capture("1"),
        builders.refund("1"),
        builders.cancel_lines(line1=1),
        builders.return_lines(line1=1),
    ],
)
def test_it_knows_no_order_before_it_is_placed(command: commands.OrderCommand) -> None:
    given().when(command).refused(errors.UnknownOrder, code="unknown-order", status=404)
