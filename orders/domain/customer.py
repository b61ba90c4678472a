"""A customer, of whom there is nothing to know but that they were forgotten, and when.

Everything else about a customer is in their orders, or summed up from them.
"""

from datetime import datetime

from msgspec import Struct


class CustomerForgotten(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was stored of the customer until then can be read no more."""

    customer_id: str


class ForgetCustomer(Struct, frozen=True, kw_only=True):
    customer_id: str


class Customer(Struct, frozen=True, kw_only=True):
    """forgotten_at: the last time; who orders again may be forgotten again."""

    forgotten_at: datetime


def decide(
    customer: Customer | None, command: ForgetCustomer, *, at: datetime
) -> list[CustomerForgotten]:
    return [CustomerForgotten(customer_id=command.customer_id)]


def evolve(
    customer: Customer | None, event: CustomerForgotten, *, at: datetime
) -> Customer:
    return Customer(forgotten_at=at)
