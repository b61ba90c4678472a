"""What commands, events and the order itself have in common."""

from collections.abc import Iterable
from typing import Annotated, Literal

from msgspec import Meta, Struct

# Checked where JSON is decoded; `decide` checks commands that were made in Python.
MAX_QUANTITY = 1_000_000
Quantity = Annotated[int, Meta(ge=1, le=MAX_QUANTITY)]
# The customer of orders whose buyers left no name: no customer, however many they are.
ANONYMOUS = "anonymous"


class Address(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    name: str
    line1: str
    line2: str | None = None
    city: str
    region: str | None = None
    postal_code: str | None = None
    country: str


# How an order came; what a client cannot say of itself is left to the server.
ChannelKind = Literal["web", "app", "phone", "store", "api", "import", "unknown"]


class Channel(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """Where an order was sold: unknown for events from before this was recorded.

    name: which of that kind, such as a shop, an app's version or a file's format.
    """

    kind: ChannelKind
    name: str | None = None


API = Channel(kind="api")


class LineQuantity(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """So many units of one line."""

    line_id: int
    quantity: Quantity


def merge(lines: Iterable[LineQuantity]) -> tuple[LineQuantity, ...]:
    """One entry per line with the sum of its quantities, in the order of line ids."""
    quantities: dict[int, int] = {}
    for line in lines:
        quantities[line.line_id] = quantities.get(line.line_id, 0) + line.quantity
    return tuple(
        LineQuantity(line_id=line_id, quantity=quantities[line_id])
        for line_id in sorted(quantities)
    )
