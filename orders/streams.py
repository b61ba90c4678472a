"""Registers orders with the event store: stored names, versions, rules, search keys.

A stored name is part of history; renaming a class must leave it as it is.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from uuid import UUID

from django.conf import settings

from eventstore import streams
from eventstore.streams import EventType, StreamType
from eventstore.upcasting import Upcaster
from orders.domain import customer, decide, errors, events, evolve, former_events
from orders.domain.commands import ErasePersonalTexts, OrderCommand
from orders.domain.events import OrderEvent
from orders.domain.order import Order
from orders.domain.rules import Rules
from orders.domain.values import ANONYMOUS

_PREFIX = "order-"


def _decide(
    order: Order | None,
    command: OrderCommand | ErasePersonalTexts,
    *,
    at: datetime,
) -> list[OrderEvent]:
    return decide.decide(order, command, at=at, rules=_rules())


@cache
def _rules() -> Rules:
    amounts = dict(settings.CQRS.command_side.validation.minimum_order_amount)
    return Rules(
        default_minimum_order_amount=amounts.pop("default"),
        minimum_order_amounts=amounts,
    )


# Sales are summed up by country, and one alone names nobody.
_COUNTRY = ("shipping_address.country",)


def _subject(stream: str, metadata: Mapping[str, str]) -> str:
    """The customer; orders of nobody have a key each, or one were many persons'."""
    customer_id = metadata.get("customer_id", ANONYMOUS)
    return stream if customer_id == ANONYMOUS else f"customer-{customer_id}"


def _search_keys(order: Order) -> dict[str, str]:
    return {"customer_id": order.customer_id}


ORDER = streams.register(
    StreamType(
        name="order",
        events=[
            EventType(
                struct=events.OrderPlaced,
                name="OrderPlaced",
                schema_version=2,
                personal=("shipping_address", "note", "external_reference"),
                lasting=_COUNTRY,
                upcasters=[
                    Upcaster(
                        schema_version=1,
                        upcast=former_events.place_in_a_channel,
                        struct=former_events.OrderPlaced1,
                        personal=("shipping_address", "note", "external_reference"),
                    )
                ],
            ),
            EventType(struct=events.LineAdded, name="LineAdded"),
            EventType(struct=events.LineQuantityChanged, name="LineQuantityChanged"),
            EventType(struct=events.LineRemoved, name="LineRemoved"),
            EventType(
                struct=events.ShippingAddressChanged,
                name="ShippingAddressChanged",
                personal=("shipping_address",),
                lasting=_COUNTRY,
            ),
            EventType(struct=events.NoteAdded, name="NoteAdded", personal=("text",)),
            EventType(struct=events.OrderConfirmed, name="OrderConfirmed"),
            EventType(struct=events.OrderCompleted, name="OrderCompleted"),
            EventType(
                struct=events.OrderCancelled,
                name="OrderCancelled",
                personal=("reason",),
            ),
            EventType(struct=events.OrderExpired, name="OrderExpired"),
            EventType(
                struct=events.PaymentCaptured,
                name="PaymentCaptured",
                personal=("reference",),
            ),
            EventType(
                struct=events.PaymentFailed,
                name="PaymentFailed",
                personal=("reason",),
            ),
            EventType(
                struct=events.PaymentRefunded,
                name="PaymentRefunded",
                personal=("reason",),
            ),
            EventType(
                struct=events.ShipmentSent,
                name="ShipmentSent",
                personal=("tracking_number",),
            ),
            EventType(
                struct=events.PersonalTextsErased,
                name="PersonalTextsErased",
                erases=True,
            ),
            EventType(struct=events.ShipmentDelivered, name="ShipmentDelivered"),
            EventType(
                struct=events.DeliveryFailed,
                name="DeliveryFailed",
                personal=("reason",),
            ),
            EventType(
                struct=events.LinesCancelled,
                name="LinesCancelled",
                personal=("reason",),
            ),
            EventType(
                struct=events.LinesReturned,
                name="LinesReturned",
                personal=("reason",),
            ),
        ],
        decide=_decide,
        evolve=evolve.evolve,
        rejection=errors.OrderError,
        search_keys=_search_keys,
        subject=_subject,
        state=Order,
        state_version=1,
        page="order-page",
    )
)

# Its name is the subject of the customer's key.
CUSTOMER = streams.register(
    StreamType(
        name="customer",
        events=[
            EventType(struct=customer.CustomerForgotten, name="CustomerForgotten"),
        ],
        decide=customer.decide,
        evolve=customer.evolve,
        rejection=errors.OrderError,
    )
)


def order_id_of(stream: str) -> UUID:
    """The order that a stream "order-<uuid>" belongs to."""
    return UUID(stream.removeprefix(_PREFIX))
