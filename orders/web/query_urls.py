from django.urls import path

from orders.web import histories, queries

urlpatterns = [
    path("orders", queries.OrderList.as_view(), name="orders"),
    path("orders/<str:order_id>", queries.OrderDetail.as_view(), name="order"),
    path(
        "orders/<str:order_id>/events",
        histories.OrderEvents.as_view(),
        name="order-events",
    ),
]
