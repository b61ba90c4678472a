"""What is in an order: popular products more often, one to eight lines."""

from decimal import Decimal
from random import Random

from orders.domain.commands import NewLine
from orders.simulation import catalogue, customers
from orders.simulation.catalogue import Market

MOST_LINES = 8
LEAST = Decimal(10)  # of any currency, as is configured where nobody changed it

_POPULARITY = customers.zipf(len(catalogue.PRODUCTS))
_SIZES = range(1, MOST_LINES + 1)
_SIZE_WEIGHTS = (30, 24, 16, 11, 8, 5, 4, 2)
_UNITS = (1, 2, 3, 4, 6, 12)
_UNIT_WEIGHTS = (60, 20, 8, 6, 4, 2)


def fill(random: Random, *, market: Market) -> tuple[NewLine, ...]:
    (size,) = random.choices(_SIZES, _SIZE_WEIGHTS)
    lines = [line(random, market) for _ in range(size)]
    # Most customers know that less is not sent; the others learn it from a refusal.
    while _worth(lines) < LEAST and len(lines) < MOST_LINES and random.random() < 0.8:
        lines.append(line(random, market))
    return tuple(lines)


def _worth(lines: list[NewLine]) -> Decimal:
    return sum((each.quantity * each.unit_price for each in lines), Decimal(0))


def line(random: Random, market: Market) -> NewLine:
    (product,) = random.choices(catalogue.PRODUCTS, cum_weights=_POPULARITY)
    (quantity,) = random.choices(_UNITS, _UNIT_WEIGHTS)
    price = product.price * market.per_euro
    return NewLine(
        sku=product.sku,
        name=product.name,
        quantity=quantity,
        unit_price=round(price / market.step) * market.step,
    )
