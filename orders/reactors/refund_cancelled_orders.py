"""Refunds what is captured on a cancelled or expired order, however late it comes."""

from collections.abc import Iterable

import eventstore.commands
from eventstore.events import RecordedEvent
from orders import streams
from orders.domain import commands, errors, events
from orders.domain.axes import Status
from orders.domain.order import Order
from orders.imports import storing
from projections.reactor import Effect, Issue, Reactor

REASONS = {Status.CANCELLED: "order cancelled", Status.EXPIRED: "order expired"}


class RefundCancelledOrders(Reactor):
    name = "refund_cancelled_orders"
    version = 1
    stream_type = streams.ORDER
    reads = (
        events.OrderCancelled,
        events.OrderExpired,
        events.PaymentCaptured,
        # Somebody else's refund may come between our look and our command, which is
        # refused then: what is left is refunded after theirs.
        events.PaymentRefunded,
    )

    def react(self, event: RecordedEvent) -> Iterable[Effect]:
        if storing.is_imported(event):
            return
        order_id = streams.order_id_of(event.stream)
        order: Order = eventstore.commands.load(streams.ORDER, order_id).state
        due = order.captured - order.refunded
        if order.status in REASONS and due > 0:
            yield Issue(
                stream_type=streams.ORDER,
                id=order_id,
                command=commands.RefundPayment(
                    amount=due, reason=REASONS[order.status]
                ),
                accept_refusals=frozenset({errors.OverRefund.code}),
            )
