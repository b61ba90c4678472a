"""The latest 100 things that happened to a customer's orders, in Redis.

Every event of every order counts, at the time when it happened (occurred_at).
"""

from eventstore.events import RecordedEvent
from orders import happenings, streams
from orders.domain import document, errors, events
from projections.in_redis.projection import Entry, RedisProjection


class CustomerTimeline(RedisProjection):
    name = "customer_timeline"
    version = 2  # 1 told reasons and tracking numbers
    stream_type = streams.ORDER
    reads = tuple(each.struct for each in streams.ORDER.events)
    longest = 100

    def entries(self, event: RecordedEvent) -> list[Entry]:
        """One, as the timeline shows it."""
        shown = {
            "order_id": str(streams.order_id_of(event.stream)),
            "type": event.type,
            "at": document.time_text(event.occurred_at),
            "summary": happenings.told(event.data),
        }
        return [Entry(key=_customer_id(event), at=event.occurred_at, shown=shown)]


def _customer_id(event: RecordedEvent) -> str:
    """Raises ImpossibleHistory for an event that does not tell whose order it is."""
    if isinstance(event.data, events.OrderPlaced):
        return event.data.customer_id
    try:
        return event.metadata["customer_id"]
    except KeyError:
        raise errors.ImpossibleHistory("no customer_id in the metadata") from None
