"""The statuses of an order that follow from its sums; also used by projections.

The comparisons hold for imported history too, where more may have been shipped or
refunded than the rules would have allowed.
"""

from decimal import Decimal
from enum import StrEnum


class Status(StrEnum):
    PENDING = "pending"
    CONFIRMED = "confirmed"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class PaymentStatus(StrEnum):
    UNPAID = "unpaid"
    PARTIALLY_PAID = "partially_paid"
    PAID = "paid"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"


class FulfillmentStatus(StrEnum):
    UNFULFILLED = "unfulfilled"
    PARTIALLY_SHIPPED = "partially_shipped"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    PARTIALLY_RETURNED = "partially_returned"
    RETURNED = "returned"


def payment_status(
    *, total: Decimal, captured: Decimal, refunded: Decimal
) -> PaymentStatus:
    """`captured` and `refunded` are what was captured and refunded in all."""
    if refunded >= captured > 0:
        return PaymentStatus.REFUNDED
    if refunded > 0:
        return PaymentStatus.PARTIALLY_REFUNDED
    if captured >= total:
        return PaymentStatus.PAID
    if captured > 0:
        return PaymentStatus.PARTIALLY_PAID
    return PaymentStatus.UNPAID


def fulfillment_status(
    *, ordered: int, shipped: int, delivered: int, returned: int
) -> FulfillmentStatus:
    """In units of all lines; `ordered` without those that were cancelled."""
    if returned > 0:
        if returned >= ordered:
            return FulfillmentStatus.RETURNED
        return FulfillmentStatus.PARTIALLY_RETURNED
    if ordered == 0:
        return FulfillmentStatus.UNFULFILLED
    if delivered >= ordered:
        return FulfillmentStatus.DELIVERED
    if shipped >= ordered:
        return FulfillmentStatus.SHIPPED
    if shipped > 0:
        return FulfillmentStatus.PARTIALLY_SHIPPED
    return FulfillmentStatus.UNFULFILLED


def is_fulfilled_and_paid(
    *, total: Decimal, captured: Decimal, ordered: int, delivered: int
) -> bool:
    """Whether nothing is left to deliver or to pay: then a confirmed order is complete.

    Holds as well where every unit was cancelled.
    """
    return captured >= total and delivered >= ordered
