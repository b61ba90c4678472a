"""The whole order, one row each, folded by the domain's own `evolve`."""

from eventstore.events import RecordedEvent
from orders import models, streams
from orders.domain import erasing
from orders.domain.order import Order
from orders.order_cache.written_through import OrderCopies
from projections.projection import Projection, Rows, Table

TABLE = Table(
    models.OrderDetail,
    key_of=lambda event: streams.order_id_of(event.stream),
    structs={"order": Order},
    personal=("order",),
)


class OrderDetail(Projection):
    name = "order_detail"
    version = 1
    stream_type = streams.ORDER
    reads = [each.struct for each in streams.ORDER.events]
    tables = [TABLE]
    copies = OrderCopies()

    def fold(self, rows: Rows, event: RecordedEvent) -> None:
        order_id = streams.order_id_of(event.stream)
        row = rows.get(TABLE, order_id) or models.OrderDetail(order_id=order_id)
        before: Order | None = row.order if row.version else None
        row.order = streams.ORDER.evolve(before, event.data, at=event.occurred_at)
        row.version = event.version
        rows.put(TABLE, row)

    def erase(self, rows: Rows, event: RecordedEvent) -> None:
        if row := rows.get(TABLE, streams.order_id_of(event.stream)):
            row.order = erasing.erase(row.order)
            rows.put(TABLE, row)

    def rows_of(self, stream: str) -> list[models.OrderDetail]:
        order_id = streams.order_id_of(stream)
        return list(models.OrderDetail.objects.filter(pk=order_id))
