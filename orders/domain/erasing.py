"""Takes what is personal out of an order: for good when its customer is forgotten, or
for a reader who may not see it.

What counts is left: amounts, lines, units, times, the country.
"""

from collections.abc import Callable

from msgspec import structs

from orders.domain.order import Order
from orders.domain.values import Address

# What an event's personal text reads as when its key is gone, too.
FORGOTTEN = "[forgotten]"
# What a personal text reads as for who may not see it.
MASK = "***"

Change = Callable[[str], str]


def erase(order: Order) -> Order:
    """The order without the texts of its customer; again, it changes nothing."""
    return _with_texts(order, _forgotten)


def mask(order: Order) -> Order:
    """The order as it is shown to who may not see personal texts; those that are
    forgotten still say so.
    """
    return _with_texts(order, _masked)


def text(given: str | None) -> str | None:
    return None if given is None else FORGOTTEN


def _forgotten(text: str) -> str:
    return FORGOTTEN


def _masked(text: str) -> str:
    return text if text == FORGOTTEN else MASK


def _with_texts(order: Order, change: Change) -> Order:
    return structs.replace(
        order,
        external_reference=_optional(order.external_reference, change),
        shipping_address=_address(order.shipping_address, change),
        payments=tuple(
            structs.replace(each, reference=change(each.reference))
            for each in order.payments
        ),
        refunds=tuple(
            structs.replace(each, reason=change(each.reason)) for each in order.refunds
        ),
        shipments=tuple(
            structs.replace(
                each,
                tracking_number=change(each.tracking_number),
                failures=tuple(
                    structs.replace(failure, reason=change(failure.reason))
                    for failure in each.failures
                ),
            )
            for each in order.shipments
        ),
        notes=tuple(
            structs.replace(each, text=change(each.text)) for each in order.notes
        ),
    )


def _address(given: Address, change: Change) -> Address:
    return Address(
        name=change(given.name),
        line1=change(given.line1),
        line2=_optional(given.line2, change),
        city=change(given.city),
        region=_optional(given.region, change),
        postal_code=_optional(given.postal_code, change),
        country=given.country,
    )


def _optional(given: str | None, change: Change) -> str | None:
    return None if given is None else change(given)
