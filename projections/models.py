from django.db import models
from django.utils import timezone


class Checkpoint(models.Model):
    """How far one partition of a projection has read the log, beside its rows.

    The row's lock is the lease of who works on the partition. The position is that of
    a committed event, together with its id and the log's epoch: after a restore of
    the log they tell that the rows hold effects of events that no longer exist.
    """

    class State(models.TextChoices):
        RUNNING = "running"
        PAUSED = "paused"
        FAULTED = "faulted"

    projection = models.CharField(max_length=100)
    generation = models.IntegerField(default=1)
    partition = models.IntegerField(default=0)
    partitions = models.IntegerField(default=1)
    version = models.IntegerField()
    state = models.CharField(
        max_length=20, choices=State.choices, default=State.RUNNING
    )
    position = models.BigIntegerField(default=0)
    event_id = models.UUIDField(null=True)
    epoch = models.IntegerField()
    events_folded = models.BigIntegerField(default=0)
    # Events of the log passed per second, smoothed over the latest batches.
    rate = models.FloatField(default=0)
    advanced_at = models.DateTimeField(default=timezone.now)
    worker = models.CharField(max_length=200, blank=True)
    # The failure that keeps the partition where it is; blank while it moves.
    failures = models.IntegerField(default=0)
    failure = models.JSONField(null=True)
    next_attempt_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(
                fields=["projection", "generation", "partition"],
                name="projections_checkpoint_key",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    partition__gte=0, partition__lt=models.F("partitions")
                ),
                name="projections_checkpoint_partition",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.projection} {self.partition}/{self.partitions}"


class DeadLetter(models.Model):
    """A stream that is held for one projection, from the event that fails on.

    What is held behind that event is derived from the log: the stream's events up to
    the checkpoint. Changes only while the checkpoint's row is locked.
    """

    class State(models.TextChoices):
        RETRYING = "retrying"  # tried again at next_attempt_at
        PARKED = "parked"  # waits for an operator

    projection = models.CharField(max_length=100)
    generation = models.IntegerField()
    stream = models.TextField()
    # The failing event, and how it failed last.
    position = models.BigIntegerField()
    event_id = models.UUIDField()
    version = models.IntegerField()
    type = models.TextField()
    category = models.CharField(max_length=50)
    error = models.TextField()
    traceback = models.TextField()
    handler = models.CharField(max_length=200)
    attempts = models.IntegerField(default=1)
    state = models.CharField(
        max_length=20, choices=State.choices, default=State.RETRYING
    )
    first_failed_at = models.DateTimeField(default=timezone.now)
    last_failed_at = models.DateTimeField(default=timezone.now)
    next_attempt_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(
                fields=["projection", "generation", "stream"],
                name="projections_deadletter_key",
            ),
        ]
        indexes = [
            models.Index(fields=["next_attempt_at"], name="projections_deadletter_due"),
        ]

    def __str__(self) -> str:
        return f"{self.projection} {self.stream} from version {self.version}"


class SkippedEvent(models.Model):
    """An event that a projection passes over for ever, by an operator's decision."""

    projection = models.CharField(max_length=100)
    event_id = models.UUIDField()
    stream = models.TextField()
    position = models.BigIntegerField()
    actor = models.CharField(max_length=200)
    reason = models.CharField(max_length=500)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(
                fields=["projection", "event_id"], name="projections_skippedevent_key"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.projection} skips {self.event_id}"


class AuditEntry(models.Model):
    """What an operator did, and why. Appended in the transaction of the action."""

    at = models.DateTimeField(default=timezone.now, db_index=True)
    actor = models.CharField(max_length=200)
    action = models.CharField(max_length=50)
    projection = models.CharField(max_length=100)
    reason = models.CharField(max_length=500, blank=True)
    parameters = models.JSONField(default=dict)

    class Meta:
        default_permissions = ("view",)
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return f"{self.action} {self.projection} by {self.actor}"
