from django.urls import path

from orders.web import queries

urlpatterns = [
    path("orders", queries.OrderList.as_view(), name="orders"),
    path("orders/<str:order_id>", queries.OrderDetail.as_view(), name="order"),
]
