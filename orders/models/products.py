"""The read tables of products; product_sales.py says what counts."""

from django.db import models
from django.db.models import Q

SOLD = Q(orders__gt=0)


class ProductOrder(models.Model):
    """One row an order: what it has added to products, and needs for its next event."""

    order_id = models.UUIDField(primary_key=True)
    version = models.IntegerField()
    folded = models.JSONField()

    class Meta:
        db_table = "orders_product_order"
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"order {self.order_id} v{self.version}"


class ProductSales(models.Model):
    """One row a product. `revenue` adds up all currencies, to order a list by."""

    sku = models.TextField(primary_key=True)
    orders = models.BigIntegerField()
    units = models.BigIntegerField()
    returned_units = models.BigIntegerField()
    revenue = models.DecimalField(max_digits=24, decimal_places=4)

    class Meta:
        db_table = "orders_product_sales"
        default_permissions = ("view",)
        verbose_name_plural = "product sales"
        indexes = [
            models.Index(
                fields=["revenue", "sku"], name="product_sales_revenue", condition=SOLD
            ),
            models.Index(
                fields=["units", "sku"], name="product_sales_units", condition=SOLD
            ),
        ]

    def __str__(self) -> str:
        return self.sku


class ProductRevenue(models.Model):
    """One row a product and currency."""

    pk = models.CompositePrimaryKey("sku", "currency")
    sku = models.TextField()
    currency = models.TextField()
    orders = models.BigIntegerField()
    units = models.BigIntegerField()
    revenue = models.DecimalField(max_digits=24, decimal_places=4)
    refunded = models.DecimalField(max_digits=24, decimal_places=4)

    class Meta:
        db_table = "orders_product_revenue"
        default_permissions = ()
        indexes = [
            models.Index(
                fields=["currency", "revenue", "sku"],
                name="product_revenue_revenue",
                condition=SOLD,
            ),
            models.Index(
                fields=["currency", "units", "sku"],
                name="product_revenue_units",
                condition=SOLD,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sku} {self.currency}"


class ProductCustomer(models.Model):
    """One row a product and customer, so that distinct ones can be counted."""

    pk = models.CompositePrimaryKey("sku", "customer_id")
    sku = models.TextField()
    customer_id = models.TextField()
    orders = models.BigIntegerField()

    class Meta:
        db_table = "orders_product_customer"
        default_permissions = ()
        indexes = [
            # Few bytes a customer, as equal keys are stored once: counting reads it
            # alone.
            models.Index(fields=["sku"], name="product_customer_sku", condition=SOLD)
        ]

    def __str__(self) -> str:
        return f"{self.sku} {self.customer_id}"


class Name(models.Model):
    """One row a name that lines gave a product; `lines`: how many."""

    pk = models.CompositePrimaryKey("sku", "name")
    sku = models.TextField()
    name = models.TextField()
    lines = models.BigIntegerField()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.sku} {self.name}"


class ProductName(Name):
    class Meta:
        db_table = "orders_product_name"
        default_permissions = ()
        indexes = [
            models.Index(fields=["sku", "-lines", "name"], name="product_name_lines")
        ]
