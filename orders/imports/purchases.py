"""Which units of which orders a customer can still return, the latest order first."""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from orders.domain.events import PlacedLine


class Taken(NamedTuple):
    """Units of one line that go back; the price is that of the line."""

    order_id: UUID
    line_id: int
    units: int
    unit_price: Decimal


class _Standing:
    __slots__ = ("line_id", "order_id", "unit_price", "units")

    def __init__(self, order_id: UUID, line: PlacedLine) -> None:
        self.order_id = order_id
        self.line_id = line.line_id
        self.units = line.quantity
        self.unit_price = line.unit_price


class Purchases:
    """Per customer and product a stack: on top the first line of the latest order."""

    def __init__(self) -> None:
        self._stacks: dict[str, dict[str, list[_Standing]]] = defaultdict(dict)

    def add(
        self, customer: str, *, order_id: UUID, lines: Sequence[PlacedLine]
    ) -> None:
        stacks = self._stacks[customer]
        for line in reversed(lines):
            stacks.setdefault(line.sku, []).append(_Standing(order_id, line))

    def take(self, customer: str, *, sku: str, units: int) -> list[Taken]:
        """At most so many units, from as many lines as it takes; [] if none is left."""
        stacks = self._stacks.get(customer)
        stack = stacks.get(sku, []) if stacks else []
        taken = []
        while units and stack:
            top = stack[-1]
            part = min(units, top.units)
            taken.append(Taken(top.order_id, top.line_id, part, top.unit_price))
            units -= part
            top.units -= part
            if not top.units:
                stack.pop()
        return taken
