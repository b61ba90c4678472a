"""From a request's facts to a handled command: the one way in for every caller."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

import eventstore.commands
import eventstore.errors
from eventstore import ids
from eventstore.commands import Context, Outcome
from orders import streams
from orders.domain import errors
from orders.domain.commands import ChangeOrder, PlaceOrder


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Who asks and through what: `actor` is "key:NAME", "user:NAME" or a program.

    command_id: only from callers that may repeat themselves; the command then takes
    effect once. expected_version: the version that the caller last saw, if it says so.
    """

    actor: str
    source: str
    request_id: str = ""
    traceparent: str = ""
    causation_id: str = ""
    command_id: str = ""
    expected_version: int | None = None


def place(command: PlaceOrder, *, asked: Asked, at: datetime) -> tuple[UUID, Outcome]:
    """The order's id (made here unless the command has one) and what was stored.

    Raises OrderError, VersionMismatch, VersionConflict.
    """
    order_id = command.order_id or ids.uuid7()
    placing = msgspec.structs.replace(command, order_id=order_id)
    return order_id, _handle(order_id, placing, asked, at)


def change(
    order_id: UUID, command: ChangeOrder, *, asked: Asked, at: datetime
) -> Outcome:
    """Raises OrderError, VersionMismatch, VersionConflict."""
    try:
        return _handle(order_id, command, asked, at)
    except eventstore.errors.VersionMismatch as mismatch:
        if mismatch.actual == 0:
            raise errors.UnknownOrder() from mismatch
        raise


def _handle(
    order_id: UUID, command: PlaceOrder | ChangeOrder, asked: Asked, at: datetime
) -> Outcome:
    context = Context(
        actor=asked.actor,
        source=asked.source,
        request_id=asked.request_id,
        traceparent=asked.traceparent,
        causation_id=asked.causation_id,
        command_id=asked.command_id,
    )
    return eventstore.commands.handle(
        streams.ORDER,
        order_id,
        command,
        at=at,
        context=context,
        expected_version=asked.expected_version,
    )
