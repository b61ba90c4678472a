"""The read tables of the funnel: how far each order got, and when."""

from django.db import models


class OrderMilestones(models.Model):
    """One row an order: when (occurred_at) it first was in each state; NULL: never.

    Narrow, and apart from OrderProgress: a report reads the rows of a year.
    """

    order_id = models.UUIDField(primary_key=True)
    placed_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    paid_at = models.DateTimeField(null=True)
    shipped_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    completed_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)
    returned_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "orders_order_milestones"
        default_permissions = ("view",)
        verbose_name_plural = "order milestones"
        indexes = [
            models.Index(fields=["placed_at"], name="order_milestones_placed"),
        ]

    def __str__(self) -> str:
        return f"milestones of order {self.order_id}"


class OrderProgress(models.Model):
    """One row an order: what the funnel needs of its past to judge its next event."""

    order_id = models.UUIDField(primary_key=True)
    version = models.IntegerField()
    folded = models.JSONField()

    class Meta:
        db_table = "orders_order_progress"
        default_permissions = ("view",)
        verbose_name_plural = "order progress"

    def __str__(self) -> str:
        return f"order {self.order_id} v{self.version}"
