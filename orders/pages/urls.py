"""The start page and the pages below /orders/."""

from django.urls import path
from django.views.generic import RedirectView

from orders.pages import look_up, order, start

urlpatterns = [
    path("", start.start, name="start"),
    path("orders", RedirectView.as_view(pattern_name="look-up", query_string=True)),
    path("orders/", look_up.look_up, name="look-up"),
    path("orders/<str:order_id>/", order.order, name="order-page"),
]
