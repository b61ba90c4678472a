"""Why a command was refused; `code` and `status` are what the API answers with."""

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar, NamedTuple

from orders.domain import money
from orders.domain.axes import Status


class OrderError(Exception):
    """Root of all refusals; children carry their facts as attributes."""

    code: ClassVar[str]
    status: ClassVar[int] = 422

    @property
    def detail(self) -> str:
        """One sentence for the caller."""
        raise NotImplementedError

    def __str__(self) -> str:
        return self.detail


class ImpossibleHistory(Exception):
    """Events that no order can have lived through: a fault of the log, no refusal."""


class Fault(NamedTuple):
    """`pointer` is the JSON pointer of the field (RFC 6901)."""

    pointer: str
    detail: str


@dataclass(kw_only=True, eq=False)
class Invalid(OrderError):
    """Values that no order can take, whatever its state."""

    code = "invalid"
    faults: tuple[Fault, ...]

    @property
    def detail(self) -> str:
        return "; ".join(f"{fault.pointer} {fault.detail}" for fault in self.faults)


@dataclass(kw_only=True, eq=False)
class UnknownOrder(OrderError):
    code = "unknown-order"
    status = 404

    @property
    def detail(self) -> str:
        return "There is no such order."


@dataclass(kw_only=True, eq=False)
class OrderExists(OrderError):
    code = "order-exists"
    status = 409
    version: int

    @property
    def detail(self) -> str:
        return f"The order was placed before; it is at version {self.version}."


@dataclass(kw_only=True, eq=False)
class NotAllowedInStatus(OrderError):
    code = "not-allowed-in-status"
    status = 409
    order_status: Status
    needed: str

    @property
    def detail(self) -> str:
        return f"This needs {self.needed}; the order is {self.order_status}."


@dataclass(kw_only=True, eq=False)
class AlreadyShipped(OrderError):
    code = "already-shipped"
    status = 409
    units_shipped: int

    @property
    def detail(self) -> str:
        return f"{self.units_shipped} units have been shipped already."


@dataclass(kw_only=True, eq=False)
class AlreadyDelivered(OrderError):
    code = "already-delivered"
    status = 409
    shipment_id: int

    @property
    def detail(self) -> str:
        return f"Shipment {self.shipment_id} has been delivered already."


@dataclass(kw_only=True, eq=False)
class DuplicatePayment(OrderError):
    # Without the reference: answers are kept, and it is personal.
    code = "duplicate-payment"
    status = 409

    @property
    def detail(self) -> str:
        return "A payment with this reference was captured before."


@dataclass(kw_only=True, eq=False)
class UnknownLine(OrderError):
    code = "unknown-line"
    line_id: int

    @property
    def detail(self) -> str:
        return f"The order has no line {self.line_id}."


@dataclass(kw_only=True, eq=False)
class UnknownShipment(OrderError):
    code = "unknown-shipment"
    shipment_id: int

    @property
    def detail(self) -> str:
        return f"The order has no shipment {self.shipment_id}."


@dataclass(kw_only=True, eq=False)
class NoLines(OrderError):
    code = "no-lines"

    @property
    def detail(self) -> str:
        return "At least one line is needed."


@dataclass(kw_only=True, eq=False)
class TooManyLines(OrderError):
    code = "too-many-lines"
    lines: int
    allowed: int

    @property
    def detail(self) -> str:
        return f"An order has at most {self.allowed} lines, not {self.lines}."


@dataclass(kw_only=True, eq=False)
class LastLine(OrderError):
    code = "last-line"
    line_id: int

    @property
    def detail(self) -> str:
        return f"Line {self.line_id} is the last one; cancel the order instead."


@dataclass(kw_only=True, eq=False)
class MinimumOrderAmount(OrderError):
    code = "minimum-order-amount"
    total: Decimal
    minimum: Decimal
    currency: str

    @property
    def detail(self) -> str:
        return (
            f"A total of {money.to_text(self.total)} {self.currency} is below the "
            f"minimum of {money.to_text(self.minimum)} {self.currency}."
        )


@dataclass(kw_only=True, eq=False)
class TotalTooLarge(OrderError):
    code = "total-too-large"
    total: Decimal

    @property
    def detail(self) -> str:
        return f"A total has at most {money.INTEGER_DIGITS} digits before the point."


@dataclass(kw_only=True, eq=False)
class BelowCaptured(OrderError):
    """`captured` is less what was refunded where lines of a confirmed order go."""

    code = "below-captured"
    total: Decimal
    captured: Decimal

    @property
    def detail(self) -> str:
        return (
            f"The total would fall to {money.to_text(self.total)}, below the "
            f"{money.to_text(self.captured)} that is captured."
        )


@dataclass(kw_only=True, eq=False)
class OverCapture(OrderError):
    code = "over-capture"
    amount: Decimal
    captured: Decimal
    total: Decimal

    @property
    def detail(self) -> str:
        return (
            f"{money.to_text(self.amount)} on top of the "
            f"{money.to_text(self.captured)} captured so far is more than the total "
            f"of {money.to_text(self.total)}."
        )


@dataclass(kw_only=True, eq=False)
class OverRefund(OrderError):
    code = "over-refund"
    amount: Decimal
    refundable: Decimal

    @property
    def detail(self) -> str:
        return (
            f"{money.to_text(self.amount)} is more than the "
            f"{money.to_text(self.refundable)} that can be refunded."
        )


@dataclass(kw_only=True, eq=False)
class NothingToShip(OrderError):
    code = "nothing-to-ship"

    @property
    def detail(self) -> str:
        return "Nothing is left to ship."


@dataclass(kw_only=True, eq=False)
class LineQuantityError(OrderError):
    """More units of a line than there are for what was asked."""

    line_id: int
    quantity: int
    available: int


@dataclass(kw_only=True, eq=False)
class OverShipment(LineQuantityError):
    code = "over-shipment"

    @property
    def detail(self) -> str:
        return (
            f"{self.available} units of line {self.line_id} are left to ship, "
            f"not {self.quantity}."
        )


@dataclass(kw_only=True, eq=False)
class OverCancellation(LineQuantityError):
    code = "over-cancellation"

    @property
    def detail(self) -> str:
        return (
            f"{self.available} units of line {self.line_id} are not shipped and can "
            f"be cancelled, not {self.quantity}."
        )


@dataclass(kw_only=True, eq=False)
class OverReturn(LineQuantityError):
    code = "over-return"

    @property
    def detail(self) -> str:
        return (
            f"{self.available} units of line {self.line_id} are shipped and not yet "
            f"returned, not {self.quantity}."
        )
