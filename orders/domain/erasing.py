"""Takes what is personal out of an order, when its customer is forgotten.

What counts is left: amounts, lines, units, times, the country.
"""

from msgspec import structs

from orders.domain.order import Order
from orders.domain.values import Address

# What an event's personal text reads as when its key is gone, too.
FORGOTTEN = "[forgotten]"


def erase(order: Order) -> Order:
    """The order without the texts of its customer; again, it changes nothing."""
    return structs.replace(
        order,
        external_reference=text(order.external_reference),
        shipping_address=address(order.shipping_address),
        payments=tuple(
            structs.replace(each, reference=FORGOTTEN) for each in order.payments
        ),
        refunds=tuple(
            structs.replace(each, reason=FORGOTTEN) for each in order.refunds
        ),
        shipments=tuple(
            structs.replace(
                each,
                tracking_number=FORGOTTEN,
                failures=tuple(
                    structs.replace(failure, reason=FORGOTTEN)
                    for failure in each.failures
                ),
            )
            for each in order.shipments
        ),
        notes=tuple(structs.replace(each, text=FORGOTTEN) for each in order.notes),
    )


def address(given: Address) -> Address:
    return Address(
        name=FORGOTTEN,
        line1=FORGOTTEN,
        line2=text(given.line2),
        city=FORGOTTEN,
        region=text(given.region),
        postal_code=text(given.postal_code),
        country=given.country,
    )


def text(given: str | None) -> str | None:
    return None if given is None else FORGOTTEN
