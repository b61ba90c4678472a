"""From a request's facts to a handled command: the one way in for every caller."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

import msgspec

import eventstore.bulk
import eventstore.commands
import eventstore.errors
from eventstore import ids
from eventstore.bulk import Ask
from eventstore.commands import Context, Outcome
from orders import streams
from orders.domain import errors
from orders.domain.commands import ChangeOrder, PlaceOrder


def place(
    command: PlaceOrder,
    *,
    context: Context,
    at: datetime,
    expected_version: int | None = None,
) -> tuple[UUID, Outcome]:
    """The order's id (made here unless the command has one) and what was stored.

    Raises OrderError, VersionMismatch, VersionConflict.
    """
    order_id, placing = _with_id(command)
    return order_id, _handle(order_id, placing, context, at, expected_version)


def place_many(
    commands: Sequence[PlaceOrder], *, context: Context, at: datetime
) -> list[tuple[UUID, Outcome] | Exception]:
    """As `place` of each, in their order, in few statements and one transaction.

    Where one is refused its OrderError or VersionConflict stands in its place.
    """
    placings = [_with_id(each) for each in commands]
    outcomes = eventstore.bulk.handle(
        streams.ORDER, _asks(placings), at=at, context=context
    )
    return [
        outcome if isinstance(outcome, Exception) else (order_id, outcome)
        for (order_id, _), outcome in zip(placings, outcomes, strict=True)
    ]


def change(
    order_id: UUID,
    command: ChangeOrder,
    *,
    context: Context,
    at: datetime,
    expected_version: int | None = None,
) -> Outcome:
    """Raises OrderError, VersionMismatch, VersionConflict."""
    with _unknown_without_events():
        return _handle(order_id, command, context, at, expected_version)


def try_place(
    command: PlaceOrder, *, at: datetime, expected_version: int | None = None
) -> list[str]:
    """The types of the events that `place` would store now. Raises as it does."""
    order_id, placing = _with_id(command)
    return _preview(order_id, placing, at, expected_version)


def try_place_many(
    commands: Sequence[PlaceOrder], *, at: datetime
) -> list[list[str] | Exception]:
    """The types of the events that `place_many` would store now, or a refusal."""
    asks = _asks([_with_id(each) for each in commands])
    return eventstore.bulk.preview(streams.ORDER, asks, at=at)


def try_change(
    order_id: UUID,
    command: ChangeOrder,
    *,
    at: datetime,
    expected_version: int | None = None,
) -> list[str]:
    """The types of the events that `change` would store now. Raises as it does."""
    with _unknown_without_events():
        return _preview(order_id, command, at, expected_version)


def _with_id(command: PlaceOrder) -> tuple[UUID, PlaceOrder]:
    order_id = command.order_id or ids.uuid7()
    return order_id, msgspec.structs.replace(command, order_id=order_id)


def _asks(placings: Sequence[tuple[UUID, PlaceOrder]]) -> list[Ask]:
    return [Ask(stream_id=order_id, command=command) for order_id, command in placings]


@contextmanager
def _unknown_without_events() -> Iterator[None]:
    """An order that If-Match expects, and that has no events, is unknown."""
    try:
        yield
    except eventstore.errors.VersionMismatch as mismatch:
        if mismatch.actual == 0:
            raise errors.UnknownOrder() from mismatch
        raise


def _preview(
    order_id: UUID,
    command: PlaceOrder | ChangeOrder,
    at: datetime,
    expected_version: int | None,
) -> list[str]:
    return eventstore.commands.preview(
        streams.ORDER, order_id, command, at=at, expected_version=expected_version
    )


def _handle(
    order_id: UUID,
    command: PlaceOrder | ChangeOrder,
    context: Context,
    at: datetime,
    expected_version: int | None,
) -> Outcome:
    return eventstore.commands.handle(
        streams.ORDER,
        order_id,
        command,
        at=at,
        context=context,
        expected_version=expected_version,
    )
