"""Erases the orders of a customer who was forgotten, should who asked be cut off."""

from collections.abc import Iterable

from eventstore.events import RecordedEvent
from orders import forgetting, streams
from orders.domain.customer import CustomerForgotten
from projections.reactor import Effect, Reactor


class EraseForgottenCustomers(Reactor):
    name = "erase_forgotten_customers"
    version = 1
    stream_type = streams.CUSTOMER
    reads = (CustomerForgotten,)

    def react(self, event: RecordedEvent) -> Iterable[Effect]:
        # Commands with ids of their own, so that the command line's are the same.
        for _ in forgetting.erase_orders(event):
            pass
        return []
