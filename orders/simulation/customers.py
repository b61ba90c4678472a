"""Customers who come back: a few very often, most of them seldom."""

from collections.abc import Sequence
from itertools import accumulate
from random import Random
from typing import NamedTuple

from orders.domain.values import Address
from orders.simulation import catalogue
from orders.simulation.catalogue import Market

# The customer (or product) of rank r is chosen in proportion to 1 / r ** EXPONENT.
CUSTOMERS = 5_000
EXPONENT = 0.9


class Customer(NamedTuple):
    customer_id: str
    market: Market
    address: Address


def zipf(count: int) -> Sequence[float]:
    """Cumulative weights of the ranks 1 … count, for Random.choices."""
    return list(accumulate(1 / rank**EXPONENT for rank in range(1, count + 1)))


_WEIGHTS = zipf(CUSTOMERS)
_MARKETS = zipf(len(catalogue.MARKETS))


def choose(random: Random) -> Customer:
    (number,) = random.choices(range(1, CUSTOMERS + 1), cum_weights=_WEIGHTS)
    return customer(number)


def customer(number: int) -> Customer:
    """The same person for the same number, in every run."""
    random = Random(number)
    (market,) = random.choices(catalogue.MARKETS, cum_weights=_MARKETS)
    name = (
        f"{random.choice(catalogue.FIRST_NAMES)} {random.choice(catalogue.LAST_NAMES)}"
    )
    return Customer(
        customer_id=f"customer-{number:05}",
        market=market,
        address=address(random, market=market, name=name),
    )


def address(random: Random, *, market: Market, name: str) -> Address:
    return Address(
        name=name,
        line1=f"{random.choice(catalogue.STREETS)} {random.randint(1, 140)}",
        city=random.choice(market.cities),
        postal_code=f"{random.randint(10_000, 99_999)}",
        country=market.country,
    )
