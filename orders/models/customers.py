"""The read tables of customers; customer_summary.py says what counts."""

from django.db import models


class CustomerOrder(models.Model):
    """One row an order: what it has added to its customer, and when it was placed."""

    order_id = models.UUIDField(primary_key=True)
    version = models.IntegerField()
    customer_id = models.TextField()
    placed_at = models.DateTimeField()
    folded = models.JSONField()

    class Meta:
        db_table = "orders_customer_order"
        default_permissions = ("view",)
        indexes = [
            models.Index(
                fields=["customer_id", "placed_at"], name="customer_order_placed"
            )
        ]

    def __str__(self) -> str:
        return f"order {self.order_id} v{self.version}"


class CustomerSums(models.Model):
    """One row a customer and currency: sums over the customer's orders."""

    pk = models.CompositePrimaryKey("customer_id", "currency")
    customer_id = models.TextField()
    currency = models.TextField()
    orders = models.BigIntegerField()
    cancelled_orders = models.BigIntegerField()
    units = models.BigIntegerField()
    cancelled_units = models.BigIntegerField()
    returned_units = models.BigIntegerField()
    placed = models.DecimalField(max_digits=24, decimal_places=4)
    cancelled = models.DecimalField(max_digits=24, decimal_places=4)
    captured = models.DecimalField(max_digits=24, decimal_places=4)
    refunded = models.DecimalField(max_digits=24, decimal_places=4)

    class Meta:
        db_table = "orders_customer_sums"
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.customer_id} {self.currency}"
