"""The three statuses of an order, for people: in words, by shape, and by colour."""

from dataclasses import dataclass
from typing import Protocol

from orders.domain.axes import FulfillmentStatus, PaymentStatus, Status

# Classes of console.css, and what is read where colours are not.
SIGNS = {"good": "●", "moving": "◐", "quiet": "○", "careful": "▲"}
KINDS: dict[str, str] = {
    Status.PENDING: "quiet",
    Status.CONFIRMED: "moving",
    Status.COMPLETED: "good",
    Status.CANCELLED: "careful",
    Status.EXPIRED: "careful",
    PaymentStatus.UNPAID: "quiet",
    PaymentStatus.PARTIALLY_PAID: "moving",
    PaymentStatus.PAID: "good",
    PaymentStatus.PARTIALLY_REFUNDED: "careful",
    PaymentStatus.REFUNDED: "careful",
    FulfillmentStatus.UNFULFILLED: "quiet",
    FulfillmentStatus.PARTIALLY_SHIPPED: "moving",
    FulfillmentStatus.SHIPPED: "moving",
    FulfillmentStatus.DELIVERED: "good",
    FulfillmentStatus.PARTIALLY_RETURNED: "careful",
    FulfillmentStatus.RETURNED: "careful",
}


class HasStatuses(Protocol):
    """An order, or its row of a list."""

    @property
    def status(self) -> str: ...
    @property
    def payment_status(self) -> str: ...
    @property
    def fulfillment_status(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Axis:
    """name: "Payment"; status: "partially_paid"."""

    name: str
    status: str
    kind: str
    sign: str


def of(order: HasStatuses) -> list[Axis]:
    """Of the order itself, its payment and its fulfillment."""
    return [
        Axis(name, str(status), KINDS[status], SIGNS[KINDS[status]])
        for name, status in (
            ("Order", order.status),
            ("Payment", order.payment_status),
            ("Fulfillment", order.fulfillment_status),
        )
    ]
