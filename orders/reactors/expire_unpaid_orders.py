"""Expires an order that stays pending for too long with nothing captured."""

from collections.abc import Iterable
from datetime import timedelta

from django.conf import settings

from eventstore.events import RecordedEvent
from orders import streams
from orders.domain import commands, errors, events
from orders.imports import storing
from projections.models import Timer
from projections.reactor import ClearTimer, Effect, Issue, Reactor, SetTimer

UNPAID = "unpaid"


class ExpireUnpaidOrders(Reactor):
    name = "expire_unpaid_orders"
    version = 1
    stream_type = streams.ORDER
    reads = (
        events.OrderPlaced,
        events.OrderConfirmed,
        events.OrderCancelled,
        events.OrderExpired,
        events.PaymentCaptured,
    )

    def react(self, event: RecordedEvent) -> Iterable[Effect]:
        if not isinstance(event.data, events.OrderPlaced):
            return [ClearTimer(key=UNPAID)]
        if storing.is_imported(event):
            return []
        hours = settings.CQRS.reactors.expire_unpaid_orders.after_hours
        due_at = event.occurred_at + timedelta(hours=hours)
        return [SetTimer(key=UNPAID, due_at=due_at)]

    def fire(self, timer: Timer) -> Iterable[Effect]:
        yield Issue(
            stream_type=streams.ORDER,
            id=streams.order_id_of(timer.stream),
            command=commands.ExpireOrder(),
            # Confirmed, paid or closed in the meantime.
            accept_refusals=frozenset({errors.NotAllowedInStatus.code}),
        )
