"""Values that no order can take. The web layer refuses them too, with the same code;
here they cannot get in by any other way either.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import assert_never

from orders.domain import commands, currencies, errors, money
from orders.domain.errors import Fault
from orders.domain.values import MAX_QUANTITY, LineQuantity


def require(command: commands.OrderCommand) -> None:
    """Raises errors.Invalid with every fault of the command's numbers and currency."""
    faults = tuple(_faults(command))
    if faults:
        raise errors.Invalid(faults=faults)


def _faults(command: commands.OrderCommand) -> Iterator[Fault]:
    match command:
        case commands.PlaceOrder():
            if command.currency not in currencies.ACTIVE:
                yield Fault("/currency", "is no active ISO 4217 code")
            for index, line in enumerate(command.lines):
                yield from _line_faults(f"/lines/{index}", line)
        case commands.AddLine():
            yield from _line_faults("", command)
        case commands.ChangeLineQuantity():
            yield from _quantity_faults("/quantity", command.quantity)
        case commands.CapturePayment() | commands.RefundPayment():
            yield from _amount_faults("/amount", command.amount, above_zero=True)
        case commands.RecordPaymentFailure():
            yield from _amount_faults("/amount", command.amount)
        case commands.CancelLines() | commands.ReturnLines():
            yield from _part_faults(command.lines)
        case commands.ShipOrder():
            yield from _part_faults(command.lines or ())
        case (
            commands.RemoveLine()
            | commands.ChangeShippingAddress()
            | commands.AddNote()
            | commands.ConfirmOrder()
            | commands.MarkDelivered()
            | commands.RecordDeliveryFailure()
            | commands.CancelOrder()
            | commands.ExpireOrder()
        ):
            pass  # texts are checked by the web layer; ids name something or do not
        case _:
            assert_never(command)


def _line_faults(
    pointer: str, line: commands.NewLine | commands.AddLine
) -> Iterator[Fault]:
    yield from _quantity_faults(f"{pointer}/quantity", line.quantity)
    yield from _amount_faults(f"{pointer}/unit_price", line.unit_price)


def _part_faults(lines: Sequence[LineQuantity]) -> Iterator[Fault]:
    for index, line in enumerate(lines):
        yield from _quantity_faults(f"/lines/{index}/quantity", line.quantity)


def _quantity_faults(pointer: str, quantity: int) -> Iterator[Fault]:
    if not 1 <= quantity <= MAX_QUANTITY:
        yield Fault(pointer, f"must be between 1 and {MAX_QUANTITY}")


def _amount_faults(
    pointer: str, amount: Decimal, *, above_zero: bool = False
) -> Iterator[Fault]:
    if not money.fits(amount):
        yield Fault(
            pointer,
            f"must have at most {money.INTEGER_DIGITS} digits before the point "
            f"and {money.FRACTION_DIGITS} after it",
        )
    elif amount < 0 or (above_zero and amount == 0):
        yield Fault(pointer, f"must be {'above' if above_zero else 'at least'} 0")
