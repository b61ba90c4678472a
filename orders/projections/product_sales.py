"""What was sold of each product: sums over all orders, by stock keeping unit.

An order counts with its lines as they stand: without units that were cancelled and
without lines that were removed; once it is cancelled or expired, with nothing.

orders: that contain the product, with a unit of it or more.
units: of it in those orders, the returned ones included.
revenue: those units at the unit prices of their lines, in the currency of the order,
paid for or not; returns and refunds do not lessen it.
returned_units: of those, what came back.
refunded: as much of the order's refunds as its returned units explain: they are taken
for the units that came back, line after line in the order of their ids, at the unit
price, as far as the money goes. What is refunded beyond that (a gesture, say) belongs
to no product.
customers: distinct ones of those orders, buyers without a name not counted.
name: that most lines give the product, whatever became of their orders; of several
the first in the alphabet.
"""

from collections import defaultdict
from decimal import Decimal

from eventstore.events import RecordedEvent
from orders import models, standing, streams
from orders.domain import money, values
from orders.standing import Line, Standing
from projections.projection import Projection, Rows, Table

ORDERS = Table(
    models.ProductOrder,
    key_of=lambda event: streams.order_id_of(event.stream),
    structs={"folded": Standing},
)
PRODUCTS = Table(models.ProductSales, shared=True)
REVENUE = Table(models.ProductRevenue, shared=True)
CUSTOMERS = Table(models.ProductCustomer, shared=True)
NAMES = Table(models.ProductName, shared=True)


class ProductSales(Projection):
    name = "product_sales"
    version = 1
    stream_type = streams.ORDER
    reads = standing.CHANGES
    tables = (ORDERS, PRODUCTS, REVENUE, CUSTOMERS, NAMES)

    def fold(self, rows: Rows, event: RecordedEvent) -> None:
        order_id = streams.order_id_of(event.stream)
        row = rows.get(ORDERS, order_id)
        before: standing.Figures = {}
        if row is None:
            folded = standing.placed(event.data)
            row = models.ProductOrder(order_id=order_id, folded=folded)
        else:
            before = _figures(row.folded)
            standing.change(row.folded, event.data)
        standing.add_difference(rows, before, _figures(row.folded))
        row.version = event.version
        rows.put(ORDERS, row)

    def rows_of(self, stream: str) -> list[models.ProductOrder]:
        """That of the order alone: the sums belong to no order."""
        order_id = streams.order_id_of(stream)
        return list(models.ProductOrder.objects.filter(pk=order_id))


def _figures(order: Standing) -> standing.Figures:
    found = standing.names(NAMES, order.lines.values())
    if order.closed:
        return found
    for sku, lines in _sold(order).items():
        found |= _of_product(order, sku, lines)
    return found


def _sold(order: Standing) -> dict[str, list[tuple[Line, Decimal]]]:
    """SKU -> its lines, each with what was refunded of it."""
    sold = defaultdict(list)
    left = order.refunded
    for _, line in sorted(order.lines.items()):
        back = min(left, line.returned * line.unit_price)
        left -= back
        if line.units:
            sold[line.sku].append((line, back))
    return sold


def _of_product(
    order: Standing, sku: str, lines: list[tuple[Line, Decimal]]
) -> standing.Figures:
    units = sum(line.units for line, _ in lines)
    revenue = sum((line.units * line.unit_price for line, _ in lines), money.ZERO)
    found: standing.Figures = {
        (PRODUCTS, sku): {
            "orders": 1,
            "units": units,
            "returned_units": sum(line.returned for line, _ in lines),
            "revenue": revenue,
        },
        (REVENUE, (sku, order.currency)): {
            "orders": 1,
            "units": units,
            "revenue": revenue,
            "refunded": sum((back for _, back in lines), money.ZERO),
        },
    }
    if order.customer_id != values.ANONYMOUS:
        found[CUSTOMERS, (sku, order.customer_id)] = {"orders": 1}
    return found
