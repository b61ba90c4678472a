"""Gives a turn's command to the command side, as any other caller would."""

from datetime import UTC, datetime
from uuid import UUID

import eventstore.commands
import eventstore.errors
from eventstore.commands import Context, Outcome
from orders import handling
from orders.domain.commands import PlaceOrder
from orders.domain.errors import OrderError
from orders.domain.order import Order
from orders.simulation.simulating import Turn
from orders.simulation.tally import Tally
from orders.streams import ORDER

_CONTEXT = Context(actor="simulation", source="simulation")


def send(turn: Turn, tally: Tally) -> tuple[UUID | None, Order | None]:
    """The order as the command left it, accepted or not; counted in the tally."""
    tally.commands[type(turn.command).__name__] += 1
    order_id = turn.order_id
    try:
        order_id, outcome = _handle(turn)
    except OrderError as refused:
        tally.rejections[refused.code] += 1
    except eventstore.errors.VersionConflict:
        tally.conflicts += 1
    else:
        tally.placed += turn.order is None
        return order_id, _after(turn, order_id, outcome)
    return order_id, _stored(order_id)


def _handle(turn: Turn) -> tuple[UUID, Outcome]:
    at = datetime.now(UTC)
    if isinstance(turn.command, PlaceOrder):
        return handling.place(turn.command, context=_CONTEXT, at=at)
    if turn.order_id is None:
        raise AssertionError(f"{turn.command} before the order is placed")
    outcome = handling.change(turn.order_id, turn.command, context=_CONTEXT, at=at)
    return turn.order_id, outcome


def _after(turn: Turn, order_id: UUID, outcome: Outcome) -> Order | None:
    known = turn.order.version if turn.order else 0
    if outcome.version != known + len(outcome.events):
        return _stored(order_id)  # somebody else changed the order as well
    order: Order | None = ORDER.fold(
        turn.order, [(each.data, each.occurred_at) for each in outcome.events]
    )
    return order


def _stored(order_id: UUID | None) -> Order | None:
    if order_id is None:
        return None
    order: Order | None = eventstore.commands.load(ORDER, order_id).state
    return order
