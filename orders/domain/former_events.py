"""Forms of events that are stored but no longer written, and how each becomes the next.

The structs tell what their schema was; nothing decodes into them any more.
"""

from typing import Any
from uuid import UUID

from orders.domain.events import Event, PlacedLine
from orders.domain.values import Address


class OrderPlaced1(Event, frozen=True, kw_only=True):
    customer_id: str
    currency: str
    lines: tuple[PlacedLine, ...]
    shipping_address: Address
    order_id: UUID | None = None
    external_reference: str | None = None
    note: str | None = None


def place_in_a_channel(data: dict[str, Any]) -> dict[str, Any]:
    """OrderPlaced from schema version 1 to 2: nobody noted how the order came."""
    return {**data, "channel": {"kind": "unknown"}}
