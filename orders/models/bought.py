"""The read tables of what is bought together; bought_with.py says what counts."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models

from orders.models.products import Name


class BoughtOrder(models.Model):
    """One row an order. `skus`: its products, where they are too many for pairs."""

    order_id = models.UUIDField(primary_key=True)
    version = models.IntegerField()
    skus = ArrayField(models.TextField(), null=True)
    folded = models.JSONField()

    class Meta:
        db_table = "orders_bought_order"
        default_permissions = ("view",)
        indexes = [GinIndex(fields=["skus"], name="bought_order_skus")]

    def __str__(self) -> str:
        return f"order {self.order_id} v{self.version}"


class BoughtPair(models.Model):
    """One row two products, `first` < `second`: orders of few products with both."""

    pk = models.CompositePrimaryKey("first", "second")
    first = models.TextField()
    second = models.TextField()
    orders = models.BigIntegerField()

    class Meta:
        db_table = "orders_bought_pair"
        default_permissions = ()
        indexes = [models.Index(fields=["second"], name="bought_pair_second")]

    def __str__(self) -> str:
        return f"{self.first} {self.second}"


class BoughtName(Name):
    class Meta:
        db_table = "orders_bought_name"
        default_permissions = ()
        indexes = [
            models.Index(fields=["sku", "-lines", "name"], name="bought_name_lines")
        ]
