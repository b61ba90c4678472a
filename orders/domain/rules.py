"""The limits that are configured, not fixed."""

from collections.abc import Mapping
from decimal import Decimal

from msgspec import Struct, field


class Rules(Struct, frozen=True, kw_only=True):
    """`minimum_order_amounts` by currency; the default is for all the others."""

    default_minimum_order_amount: Decimal = Decimal("10.00")
    minimum_order_amounts: Mapping[str, Decimal] = field(default_factory=dict)
    max_lines: int = 2_000

    def minimum_order_amount(self, *, currency: str) -> Decimal:
        return self.minimum_order_amounts.get(
            currency, self.default_minimum_order_amount
        )
