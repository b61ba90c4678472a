from django.urls import path

from orders.web import queries, sales

urlpatterns = [
    path("orders", queries.OrderList.as_view(), name="orders"),
    path("orders/<str:order_id>", queries.OrderDetail.as_view(), name="order"),
    path("sales/daily", sales.SalesDaily.as_view(), name="sales-daily"),
    path("sales/funnel", sales.SalesFunnel.as_view(), name="sales-funnel"),
]
