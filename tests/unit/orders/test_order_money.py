from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orders.domain import currencies, money

AMOUNTS = st.decimals(min_value=0, max_value=money.LIMIT - 1, places=4)


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("12.5", "12.50"),
        ("0.001", "0.001"),
        ("3.1400", "3.14"),
        ("7", "7.00"),
        ("1E+3", "1000.00"),
        ("0.0001", "0.0001"),
        ("0.00000", "0.00"),
        ("-0", "0.00"),
        ("-1.5", "-1.50"),
        ("99999999999999.9999", "99999999999999.9999"),
        ("10655622.4840", "10655622.484"),
    ],
)
def test_it_writes_amounts_with_two_to_four_fraction_digits(
    amount: str, text: str
) -> None:
    assert money.to_text(Decimal(amount)) == text
    assert str(money.normalise(Decimal(amount))) == text


def test_it_does_not_round_what_needs_more_digits() -> None:
    with pytest.raises(ValueError, match="4 fraction digits"):
        money.normalise(Decimal("0.00001"))


@pytest.mark.parametrize(
    "amount", ["0", "-1", "0.0001", "1.00000", "99999999999999.9999", "1E13"]
)
def test_it_takes_amounts_that_fit(amount: str) -> None:
    assert money.fits(Decimal(amount))


@pytest.mark.parametrize(
    "amount",
    ["1E14", "-1E14", "0.00001", "1E+999999", "1E-999999", "NaN", "sNaN", "Infinity"],
)
def test_it_refuses_amounts_that_do_not_fit(amount: str) -> None:
    assert not money.fits(Decimal(amount))
    with pytest.raises(ValueError, match="at most 14 digits"):
        money.require_storable(Decimal(amount))


def test_it_stores_no_negative_amount() -> None:
    money.require_storable(Decimal("0"))
    with pytest.raises(ValueError, match="at least 0"):
        money.require_storable(Decimal("-0.01"))


@settings(deadline=None)
@given(amount=AMOUNTS)
def test_it_changes_no_value_when_it_writes_it(amount: Decimal) -> None:
    text = money.to_text(amount)
    assert Decimal(text) == amount
    assert 2 <= len(text.partition(".")[2]) <= 4


@settings(deadline=None)
@given(quantity=st.integers(1, 1_000_000), unit_price=AMOUNTS)
def test_it_multiplies_without_a_rest(quantity: int, unit_price: Decimal) -> None:
    total = money.line_total(quantity=quantity, unit_price=unit_price)
    assert int(total * 10_000) == quantity * int(unit_price * 10_000)


def test_it_knows_the_active_currencies() -> None:
    assert {"EUR", "GBP", "USD", "JPY", "CHF", "XOF", "XCG"} <= currencies.ACTIVE
    assert {"DEM", "HRK", "BGN", "ANG", "XXX", "XTS", "XAU"}.isdisjoint(
        currencies.ACTIVE
    )
    assert all(len(code) == 3 and code.isupper() for code in currencies.ACTIVE)
