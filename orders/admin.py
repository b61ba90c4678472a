"""The read tables of orders in Django's admin; projections alone write them."""

from django.contrib import admin

from eventstore.admin import EstimatedPaginator, ReadOnly
from orders.models import OrderDetail, OrderSummary


@admin.register(OrderSummary)
class OrderSummaryAdmin(ReadOnly):
    list_display = (
        "order_id",
        "external_reference",
        "customer_id",
        "status",
        "payment_status",
        "fulfillment_status",
        "total",
        "currency",
        "placed_at",
    )
    list_filter = ("status", "payment_status", "fulfillment_status")
    search_fields = ("=external_reference", "=customer_id")
    search_help_text = "A reference or a customer id, as it is."
    ordering = ("-placed_at",)
    paginator = EstimatedPaginator
    show_full_result_count = False


@admin.register(OrderDetail)
class OrderDetailAdmin(ReadOnly):
    list_display = ("order_id", "version")
    paginator = EstimatedPaginator
    show_full_result_count = False
