"""The read tables of sales by day."""

from django.db import models


class OrderSales(models.Model):
    """One row an order: what it has added to daily sales, and needs for its next."""

    order_id = models.UUIDField(primary_key=True)
    version = models.IntegerField()
    folded = models.JSONField()

    class Meta:
        db_table = "orders_order_sales"
        default_permissions = ("view",)
        verbose_name_plural = "order sales"

    def __str__(self) -> str:
        return f"order {self.order_id} v{self.version}"


class Sales(models.Model):
    """Sums over orders; see orders/projections/sales_daily.py for what each counts.

    More digits than an order's amounts have: a day may have a million such orders.
    """

    date = models.DateField()
    currency = models.TextField()
    country = models.TextField()
    orders = models.BigIntegerField()
    lines = models.BigIntegerField()
    units = models.BigIntegerField()
    placed = models.DecimalField(max_digits=24, decimal_places=4)
    cancelled = models.DecimalField(max_digits=24, decimal_places=4)
    returned_units = models.BigIntegerField()
    refunded = models.DecimalField(max_digits=24, decimal_places=4)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.date} {self.currency} {self.country}"


class SalesDaily(Sales):
    """One row a day (UTC), currency and country; there may be rows of zeros."""

    pk = models.CompositePrimaryKey("date", "currency", "country")

    class Meta:
        db_table = "orders_sales_daily"
        default_permissions = ()
        indexes = [
            models.Index(fields=["country", "date"], name="sales_daily_country"),
        ]


class ListedSalesDaily(Sales):
    """The same rows for lists in the admin, which takes no model of a composite key."""

    date = models.DateField(primary_key=True)  # not alone: never ask for one row by it

    class Meta:
        managed = False
        db_table = "orders_sales_daily"
        default_permissions = ("view",)
        verbose_name = "day of sales"
        verbose_name_plural = "daily sales"
