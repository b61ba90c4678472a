"""The read tables of single orders: one row an order, for lists, and whole."""

from enum import StrEnum

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models

from orders.domain.axes import FulfillmentStatus, PaymentStatus, Status


def _words(axis: type[StrEnum]) -> list[tuple[str, str]]:
    return [(word.value, word.value) for word in axis]


# Along an ordering alone a query may pass all orders before it meets the first that it
# is after: the planner takes the values of a column to stand anywhere in it. But open
# orders are recent ones, and a currency has greater amounts than another. Each index
# costs every write of a row some 10 us: there is none where a value says nothing of the
# place, so that a page is found soon or the orders with the value are few to sort.
_BY_VALUE = [
    models.Index(fields=[column, ordering, "order_id"], name=name)
    for column, ordering, name in (
        ("status", "updated_at", "summary_status_updated"),
        ("payment_status", "updated_at", "summary_payment_updated"),
        ("fulfillment_status", "updated_at", "summary_fulfillment_updated"),
        ("country", "total", "summary_country_total"),
        ("currency", "total", "summary_currency_total"),
        ("currency", "placed_at", "summary_currency_placed"),
    )
]


class OrderSummary(models.Model):
    """One row an order, for lists. `folded`: what the projection needs of the past."""

    order_id = models.UUIDField(primary_key=True)
    version = models.IntegerField()
    external_reference = models.TextField(null=True)
    customer_id = models.TextField()
    currency = models.TextField()
    country = models.TextField()
    status = models.TextField(choices=_words(Status))
    payment_status = models.TextField(choices=_words(PaymentStatus))
    fulfillment_status = models.TextField(choices=_words(FulfillmentStatus))
    total = models.DecimalField(max_digits=18, decimal_places=4)
    captured = models.DecimalField(max_digits=18, decimal_places=4)
    refunded = models.DecimalField(max_digits=18, decimal_places=4)
    line_count = models.IntegerField()
    units = models.BigIntegerField()
    returned_units = models.BigIntegerField()
    skus = ArrayField(models.TextField())
    placed_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    folded = models.JSONField()

    class Meta:
        db_table = "orders_order_summary"
        default_permissions = ("view",)
        verbose_name_plural = "order summaries"
        indexes = [
            models.Index(fields=["placed_at", "order_id"], name="order_summary_placed"),
            models.Index(
                fields=["updated_at", "order_id"], name="order_summary_updated"
            ),
            models.Index(fields=["total", "order_id"], name="order_summary_total"),
            models.Index(
                fields=["customer_id", "placed_at", "order_id"],
                name="order_summary_customer",
            ),
            models.Index(
                fields=["status", "placed_at", "order_id"], name="order_summary_status"
            ),
            models.Index(
                fields=["payment_status", "placed_at", "order_id"],
                name="order_summary_payment",
            ),
            models.Index(
                fields=["fulfillment_status", "placed_at", "order_id"],
                name="order_summary_fulfillment",
            ),
            models.Index(
                fields=["country", "placed_at", "order_id"],
                name="order_summary_country",
            ),
            *_BY_VALUE,
            models.Index(fields=["external_reference"], name="order_summary_reference"),
            GinIndex(fields=["skus"], name="order_summary_skus", fastupdate=False),
        ]

    def __str__(self) -> str:
        return f"order {self.order_id} v{self.version}"


class OrderDetail(models.Model):
    """One row an order: the whole of it, as the domain folds it."""

    order_id = models.UUIDField(primary_key=True)
    version = models.IntegerField()
    order = models.JSONField()

    class Meta:
        db_table = "orders_order_detail"
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"order {self.order_id} v{self.version}"
