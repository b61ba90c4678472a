"""The read tables of orders. Written by orders/projections/ alone, from events."""

from orders.models.bought import BoughtName, BoughtOrder, BoughtPair
from orders.models.customers import CustomerOrder, CustomerSums
from orders.models.funnel import OrderMilestones, OrderProgress
from orders.models.orders import OrderDetail, OrderSummary
from orders.models.products import (
    ProductCustomer,
    ProductName,
    ProductOrder,
    ProductRevenue,
    ProductSales,
)
from orders.models.sales import ListedSalesDaily, OrderSales, SalesDaily
from orders.models.search import OrderSearch, SearchWord

__all__ = [
    "BoughtName",
    "BoughtOrder",
    "BoughtPair",
    "CustomerOrder",
    "CustomerSums",
    "ListedSalesDaily",
    "OrderDetail",
    "OrderMilestones",
    "OrderProgress",
    "OrderSales",
    "OrderSearch",
    "OrderSummary",
    "ProductCustomer",
    "ProductName",
    "ProductOrder",
    "ProductRevenue",
    "ProductSales",
    "SalesDaily",
    "SearchWord",
]
