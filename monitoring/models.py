from django.db import models
from django.utils import timezone


class Sample(models.Model):
    """How everything stood at one moment, for charts; see sampling.py.

    slot: of the time in intervals of `monitoring.metrics_interval_s`. A slot without a
    row is one in which nobody took a sample: a gap.
    """

    slot = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField(default=timezone.now, db_index=True)
    data = models.JSONField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.slot} at {self.at}"
