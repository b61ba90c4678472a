"""Orders to measure with: three lines, as a small shop's."""

from datetime import UTC, datetime
from decimal import Decimal

from eventstore import commands, ids
from eventstore.commands import Context, Loaded, Outcome
from eventstore.events import NewEvent
from orders import streams
from orders.domain.commands import NewLine, PlaceOrder
from orders.domain.values import Address

ASKED = Context(actor="benchmark")
PLACE = PlaceOrder(
    customer_id="customer-1",
    currency="EUR",
    lines=tuple(
        NewLine(sku=sku, name=f"Product {sku}", quantity=2, unit_price=Decimal("9.50"))
        for sku in ("A-1", "B-2", "C-3")
    ),
    shipping_address=Address(
        name="Ada Byron", line1="12 Mill Lane", city="Bath", country="GB"
    ),
)
NEW = Loaded(state=None, version=0)


def placed(order_id: object, command: PlaceOrder = PLACE) -> list[NewEvent]:
    """The event of a new order, without asking the log."""
    at = datetime.now(UTC)
    decided = streams.ORDER.decide(None, command, at=at)
    return commands.prepare(streams.ORDER, order_id, NEW, decided, at=at, context=ASKED)


def place() -> Outcome:
    return commands.handle(
        streams.ORDER, ids.uuid7(), PLACE, at=datetime.now(UTC), context=ASKED
    )
