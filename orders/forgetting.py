"""Forgets a customer: the key first, then every order is told to drop its texts.

Once the key is gone nothing can bring the texts back, and whatever is left to do can be
done again: by the reactor erase_forgotten_customers, or by who asks a second time.
"""

from collections.abc import Callable, Iterator
from uuid import UUID, uuid5

from django.utils import timezone

import eventstore.commands
from eventstore import forgetting, person_keys, search_keys, snapshots, store
from eventstore.commands import Context
from eventstore.errors import CannotForget
from eventstore.events import RecordedEvent
from orders import streams
from orders.domain.commands import ErasePersonalTexts
from orders.domain.customer import ForgetCustomer
from orders.domain.values import ANONYMOUS
from projections import actors, audit
from projections.errors import ProjectionError

SOURCE = "event_store forget"
# Namespace of the ids of commands that follow from a customer's end; never changes.
NAMESPACE = UUID("5d8a3b0e-0a53-5d0a-9f3c-7e4c1a6b2d90")


def forget(customer_id: str, reason: str, tell: Callable[[str], object]) -> None:
    """Deletes the customer's key and erases their orders, when this returns.

    Read tables and copies follow as their workers come to these events. Where the key
    is gone already, it goes on with what was left undone.
    Raises CannotForget.
    """
    _refuse_unknown(customer_id)
    try:
        event = _audited(customer_id, reason, tell)
    except ProjectionError as error:
        raise CannotForget(str(error)) from error
    orders = list(erase_orders(event))
    tell(
        f"erased {len(orders)} orders, the last one by the event at position "
        f"{store.head()}: read tables follow"
    )


def _audited(
    customer_id: str, reason: str, tell: Callable[[str], object]
) -> RecordedEvent:
    """CustomerForgotten, of now or of the last time."""
    with audit.action(
        "forget",
        "",
        permission=actors.FORGET,
        actor=actors.command_line(),
        reason=reason,
        needs_reason=True,
        customer_id=customer_id,
    ) as entry:
        found = _forgotten(customer_id)
        has_key = person_keys.exists(streams.CUSTOMER.stream(customer_id))
        if found and not has_key:
            tell(f"{customer_id} was forgotten before: there is no key")
            entry.parameters["again"] = True
            return found
        outcome = forgetting.delete_key(
            streams.CUSTOMER,
            customer_id,
            ForgetCustomer(customer_id=customer_id),
            at=timezone.now(),
            context=Context(actor=entry.actor.name, source=SOURCE),
        )
        tell(f"deleted the key of {customer_id}")
        return outcome.events[-1]


def erase_orders(event: RecordedEvent) -> Iterator[str]:
    """Tells each order of a customer who was forgotten to drop its texts, once for
    ever; the streams.

    event: CustomerForgotten. Orders that were placed after it are not meant.
    """
    found = search_keys.streams_of_customer(
        event.data.customer_id,
        stream_type=streams.ORDER.name,
        before=event.position,
    )
    for stream in found:
        eventstore.commands.handle(
            streams.ORDER,
            streams.order_id_of(stream),
            ErasePersonalTexts(),
            at=event.occurred_at,
            context=Context(
                actor=event.metadata.get("actor", SOURCE),
                source=SOURCE,
                causation_id=str(event.event_id),
                correlation_id=event.metadata.get("correlation_id", ""),
                command_id=str(uuid5(NAMESPACE, f"{event.event_id}\n{stream}")),
            ),
        )
        yield stream
    snapshots.drop(found)


def _refuse_unknown(customer_id: str) -> None:
    orders = search_keys.streams_of_customer(
        customer_id, stream_type=streams.ORDER.name, before=store.head() + 1
    )
    if customer_id == ANONYMOUS or not orders:
        raise CannotForget(f"{customer_id} has no orders, or they are nobody's")


def _forgotten(customer_id: str) -> RecordedEvent | None:
    """The last time that the customer was forgotten."""
    found = store.read_stream(streams.CUSTOMER.stream(customer_id))
    return found[-1] if found else None
