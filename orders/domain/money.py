"""Amounts: decimals with at most 4 fraction digits and 14 digits before the point."""

from decimal import Decimal

ZERO = Decimal("0.00")

# LIMIT is the first amount that a numeric(18,4) column cannot hold.
INTEGER_DIGITS = 14
FRACTION_DIGITS = 4
LIMIT = Decimal(10) ** INTEGER_DIGITS

_STEPS = (Decimal("0.01"), Decimal("0.001"), Decimal("0.0001"))


def fits(amount: Decimal) -> bool:
    """Whether the amount is finite and has no more digits than an amount may have."""
    return (
        amount.is_finite()
        and -LIMIT < amount < LIMIT
        and amount.quantize(_STEPS[-1]) == amount
    )


def normalise(amount: Decimal) -> Decimal:
    """The same amount with 2 to 4 fraction digits: 12.5 becomes 12.50, 3.1400 3.14.

    Raises ValueError where more than 4 fraction digits are needed.
    """
    for step in _STEPS:
        rounded = amount.quantize(step)
        if rounded == amount:
            return rounded + ZERO  # turns -0.00 into 0.00
    raise ValueError("an amount has at most 4 fraction digits")


def line_total(*, quantity: int, unit_price: Decimal) -> Decimal:
    return quantity * unit_price


def to_text(amount: Decimal) -> str:
    """The amount as JSON carries it, with 2 to 4 fraction digits: "12.50", "0.001"."""
    return str(normalise(amount))


def require_storable(amount: Decimal) -> None:
    """Raises ValueError unless the amount fits and is not negative."""
    if not fits(amount) or amount < 0:
        raise ValueError(
            "an amount is at least 0 and has at most 14 digits before the point "
            "and 4 after it"
        )
