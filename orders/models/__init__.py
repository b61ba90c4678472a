"""The read tables of orders. Written by orders/projections/ alone, from events."""

from orders.models.orders import OrderDetail, OrderSummary
from orders.models.sales import ListedSalesDaily, OrderSales, SalesDaily

__all__ = [
    "ListedSalesDaily",
    "OrderDetail",
    "OrderSales",
    "OrderSummary",
    "SalesDaily",
]
