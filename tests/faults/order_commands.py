"""Random commands for orders, most of them valid, from one generator of numbers."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random

from orders.domain import commands
from orders.domain.commands import OrderCommand
from orders.domain.values import Address
from tests.unit.orders import builders

FIRST = datetime(2026, 1, 1, tzinfo=UTC)
PRICES = ["0.00", "0.0001", "0.3333", "1.50", "12.50", "99.99"]
SKUS = [f"SKU-{n}" for n in range(9)]
PRICE = Decimal("3.25")
COUNTRIES = ["GB", "PL", "DE", "AE"]


def place(random: Random) -> commands.PlaceOrder:
    lines = [
        builders.new_line(
            random.randint(1, 9),
            random.choice(PRICES),
            sku=f"SKU-{random.randint(1, 9)}",
        )
        for sku in random.sample(SKUS, random.randint(0, 3))
    ]
    return builders.place(
        lines=(builders.new_line(2, "25.00"), *lines),
        customer_id=f"customer-{random.randint(1, 50)}",
        external_reference=random.choice([None, f"ref-{random.randint(1, 10**6)}"]),
        note=random.choice([None, "as a gift"]),
        shipping_address=_address(random),
    )


def change(random: Random) -> OrderCommand:
    """For an order in any state: some are refused."""
    number, small = random.randint(1, 10**9), random.randint(1, 3)
    some, amount = {f"line{small}": random.randint(1, 2)}, random.randint(1, 3000) / 100
    likely = [
        commands.AddNote(text=f"note {number}"),
        commands.ConfirmOrder(),
        builders.capture(f"{amount:.2f}", reference=str(number)),
        builders.capture("25.00", reference=str(number)),
        builders.refund(f"{amount / 4 + 1:.2f}"),
        builders.ship(),
        builders.ship(builders.units(**some)),
        builders.deliver(small),
        builders.cancel_lines(**some),
        builders.return_lines(**some),
        commands.RecordDeliveryFailure(shipment_id=small, reason="nobody at home"),
        commands.RecordPaymentFailure(amount=PRICE, method="card", reason="limit"),
        commands.AddLine(sku="MORE", name="More", quantity=small, unit_price=PRICE),
        commands.ChangeLineQuantity(line_id=small, quantity=random.randint(1, 9)),
        commands.RemoveLine(line_id=small),
        commands.ChangeShippingAddress(shipping_address=_address(random)),
    ]
    rare = [commands.CancelOrder(reason="late"), commands.ExpireOrder()]
    return random.choice(rare if random.random() < 0.02 else likely)


def at(random: Random) -> datetime:
    """Times that do not rise with position, as imports and clocks make them."""
    return FIRST + timedelta(
        seconds=random.randint(0, 10**6), microseconds=number(random)
    )


def number(random: Random) -> int:
    return random.choice([0, 1, 500_000, 999_999])


def _address(random: Random) -> Address:
    country = random.choice(COUNTRIES)
    return Address(name="Ada Byron", line1="12 Mill Lane", city="Bath", country=country)
