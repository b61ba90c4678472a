from django.urls import path

from orders.web import customers, histories, products, queries, sales

# SKUs and customers' ids may have slashes: what has words behind them comes first.
urlpatterns = [
    path("orders", queries.OrderList.as_view(), name="orders"),
    path("orders/<str:order_id>", queries.OrderDetail.as_view(), name="order"),
    path(
        "orders/<str:order_id>/events",
        histories.OrderEvents.as_view(),
        name="order-events",
    ),
    path("products", products.ProductList.as_view(), name="products"),
    path(
        "products/<path:sku>/bought-with",
        products.BoughtWith.as_view(),
        name="bought-with",
    ),
    path("products/<path:sku>", products.ProductDetail.as_view(), name="product"),
    path(
        "customers/<path:customer_id>/timeline",
        customers.CustomerTimeline.as_view(),
        name="customer-timeline",
    ),
    path(
        "customers/<path:customer_id>",
        customers.CustomerDetail.as_view(),
        name="customer",
    ),
    path("sales/daily", sales.SalesDaily.as_view(), name="sales-daily"),
    path("sales/funnel", sales.SalesFunnel.as_view(), name="sales-funnel"),
]
