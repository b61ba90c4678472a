"""Which products are in the same orders, and how often.

As in product_sales, an order contains a product while a unit of it stands; cancelled
and expired orders contain nothing. The name is the one that most lines give.

An order of n products has n * (n - 1) / 2 pairs: 55 for eleven, 620,000 for the largest
one of a real history. So pairs are summed up for orders of few products alone; those of
many keep the list of their products, with an index from product to orders, and are
counted when somebody asks (`orders.product_queries`). Both together are all orders.
"""

from itertools import combinations

from eventstore.events import RecordedEvent
from orders import models, standing, streams
from orders.standing import Standing
from projections.projection import Projection, Rows, Table

# Products of an order whose pairs are summed up: at most 300 rows for one event. Of
# 20,725 orders of a real history that leaves 5,800 to be counted when asked.
FEW = 25

ORDERS = Table(
    models.BoughtOrder,
    key_of=lambda event: streams.order_id_of(event.stream),
    structs={"folded": Standing},
)
PAIRS = Table(models.BoughtPair, shared=True)
NAMES = Table(models.BoughtName, shared=True)


class BoughtWith(Projection):
    name = "bought_with"
    version = 1
    stream_type = streams.ORDER
    reads = standing.CHANGES
    tables = (ORDERS, PAIRS, NAMES)

    def fold(self, rows: Rows, event: RecordedEvent) -> None:
        order_id = streams.order_id_of(event.stream)
        row = rows.get(ORDERS, order_id)
        before: standing.Figures = {}
        if row is None:
            folded = standing.placed(event.data)
            row = models.BoughtOrder(order_id=order_id, folded=folded)
        else:
            before = _figures(row.folded)
            standing.change(row.folded, event.data)
        standing.add_difference(rows, before, _figures(row.folded))
        products = _products(row.folded)
        row.skus = products if len(products) > FEW else None
        row.version = event.version
        rows.put(ORDERS, row)

    def rows_of(self, stream: str) -> list[models.BoughtOrder]:
        """That of the order alone: the sums belong to no order."""
        order_id = streams.order_id_of(stream)
        return list(models.BoughtOrder.objects.filter(pk=order_id))


def _products(order: Standing) -> list[str]:
    if order.closed:
        return []
    return sorted({line.sku for line in order.lines.values() if line.units})


def _figures(order: Standing) -> standing.Figures:
    found = standing.names(NAMES, order.lines.values())
    products = _products(order)
    if len(products) <= FEW:
        for pair in combinations(products, 2):
            found[PAIRS, pair] = {"orders": 1}
    return found
