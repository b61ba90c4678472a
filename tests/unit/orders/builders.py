"""Commands with defaults, so that a test names only what it is about."""

from decimal import Decimal
from typing import Any

from orders.domain import commands
from orders.domain.values import Address, Channel, LineQuantity

ADDRESS = Address(name="Ada Byron", line1="12 Mill Lane", city="Bath", country="GB")
IMPORTED = Channel(kind="import")


def new_line(
    quantity: int, unit_price: str, *, sku: str = "TEA", name: str = "Tea"
) -> commands.NewLine:
    return commands.NewLine(
        sku=sku, name=name, quantity=quantity, unit_price=Decimal(unit_price)
    )


def place(*lines: tuple[int, str], **changes: Any) -> commands.PlaceOrder:
    """Lines are (quantity, unit price); without any, ten units at 5.00."""
    values: dict[str, Any] = {
        "customer_id": "customer-1",
        "currency": "EUR",
        "lines": tuple(new_line(*line) for line in lines or ((10, "5.00"),)),
        "shipping_address": ADDRESS,
    }
    return commands.PlaceOrder(**{**values, **changes})


def units(**quantities: int) -> tuple[LineQuantity, ...]:
    """`units(line1=2, line3=1)`: two units of line 1 and one of line 3."""
    return tuple(
        LineQuantity(line_id=int(name.removeprefix("line")), quantity=quantity)
        for name, quantity in quantities.items()
    )


def capture(amount: str, *, reference: str = "ref-1") -> commands.CapturePayment:
    return commands.CapturePayment(
        amount=Decimal(amount), method="card", reference=reference
    )


def refund(amount: str) -> commands.RefundPayment:
    return commands.RefundPayment(amount=Decimal(amount), reason="damaged")


def ship(lines: tuple[LineQuantity, ...] | None = None) -> commands.ShipOrder:
    return commands.ShipOrder(carrier="DHL", tracking_number="T1", lines=lines)


def deliver(shipment_id: int = 1) -> commands.MarkDelivered:
    return commands.MarkDelivered(shipment_id=shipment_id)


def cancel_lines(**quantities: int) -> commands.CancelLines:
    return commands.CancelLines(lines=units(**quantities), reason="sold out")


def return_lines(**quantities: int) -> commands.ReturnLines:
    return commands.ReturnLines(lines=units(**quantities), reason="damaged")


# A confirmed order of ten units at 5.00, as most tests of what follows need it.
CONFIRMED = (place(), commands.ConfirmOrder())
SHIPPED = (*CONFIRMED, ship())
DELIVERED = (*SHIPPED, deliver())
COMPLETED = (*DELIVERED, capture("50.00"))
CANCELLED = (place(), commands.CancelOrder(reason="changed my mind"))
EXPIRED = (place(), commands.ExpireOrder())
