from django.db import models
from django.utils import timezone


class Checkpoint(models.Model):
    """How far one partition of a projection has read the log, beside its rows.

    The row's lock is the lease of who works on the partition. The position is that of
    a committed event, together with its id and the log's epoch: after a restore of
    the log they tell that the rows hold effects of events that no longer exist.
    """

    class State(models.TextChoices):
        RUNNING = "running"  # followers advance it
        PAUSED = "paused"
        FAULTED = "faulted"
        FILLING = "filling"  # a rebuild's own workers advance it
        RESTING = "resting"  # of a kept generation: nobody does

    class Role(models.TextChoices):
        LIVE = "live"  # readers see its tables
        SHADOW = "shadow"  # a rebuild fills them
        KEPT = "kept"  # they were live before the last swap

    projection = models.CharField(max_length=100)
    generation = models.IntegerField(default=1)
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.LIVE)
    partition = models.IntegerField(default=0)
    partitions = models.IntegerField(default=1)
    version = models.IntegerField()
    state = models.CharField(
        max_length=20, choices=State.choices, default=State.RUNNING
    )
    position = models.BigIntegerField(default=0)
    event_id = models.UUIDField(null=True)
    epoch = models.IntegerField()
    # Raised where copies of rows (see copies.py) could not be withdrawn.
    cache_epoch = models.IntegerField(default=0, db_default=0)
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
            # At most one generation of a projection has a role.
            models.UniqueConstraint(
                fields=["projection", "role", "partition"],
                name="projections_checkpoint_role_key",
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


class Timer(models.Model):
    """A moment at which a reactor wants to be called about a stream.

    Changes only under the lease of the reactor's checkpoint.
    """

    reactor = models.CharField(max_length=100)
    stream = models.TextField()
    key = models.TextField()
    # Names the commands of its firing. It follows from what set the timer, so that it
    # is the same when that is handled again.
    identity = models.UUIDField()
    due_at = models.DateTimeField()
    data = models.JSONField(default=dict)
    # The event that it goes back to.
    event_id = models.UUIDField()
    correlation_id = models.TextField(blank=True)
    # Rises with each firing that fails; due_at, or later after a failure.
    attempts = models.IntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    error = models.TextField(blank=True)

    class Meta:
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(
                fields=["reactor", "stream", "key"], name="projections_timer_key"
            ),
        ]
        indexes = [
            models.Index(
                fields=["reactor", "next_attempt_at"], name="projections_timer_due"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reactor} {self.stream} {self.key} at {self.due_at}"


class Operation(models.Model):
    """A long action of an operator: what was asked, how far it is, how it ended.

    Workers take it from state to state; it survives all of them. done and total are
    positions of the log for a rebuild, held streams for a retry.
    """

    class Kind(models.TextChoices):
        REBUILD = "rebuild"
        ROLLBACK = "rollback"
        RETRY = "retry"

    class State(models.TextChoices):
        FILLING = "filling"
        TAILING = "tailing"
        COMPARING = "comparing"
        READY = "ready"  # waits for an operator's swap or cancel
        SWAPPING = "swapping"
        RETRYING = "retrying"
        FINISHED = "finished"
        FAILED = "failed"
        CANCELLED = "cancelled"

    kind = models.CharField(max_length=20, choices=Kind.choices)
    projection = models.CharField(max_length=100)
    # The generation that a rebuild fills or a roll back brings back, and its code.
    generation = models.IntegerField(null=True)
    version = models.IntegerField()
    state = models.CharField(max_length=20, choices=State.choices)
    actor = models.CharField(max_length=200)
    reason = models.CharField(max_length=500, blank=True)
    parameters = models.JSONField(default=dict)
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    rate = models.FloatField(default=0)  # of `done`, per second
    # What it waits for, or why it failed.
    note = models.TextField(blank=True)
    # What it needs to go on after a crash, and what it found.
    progress = models.JSONField(default=dict)
    result = models.JSONField(default=dict)
    started_at = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ("view",)
        # What projections.control asks for; see actors.py.
        permissions = [
            ("pause", "Can pause and resume projections"),
            ("rebuild", "Can rebuild and repartition projections"),
            ("swap", "Can swap, roll back, discard and cancel rebuilds"),
            ("retry", "Can retry held streams"),
            ("skip", "Can skip failing events for ever"),
            ("view", "Can see the operations console"),
            ("view_payload", "Can see the data of events"),
        ]
        constraints = [
            # One rebuild or roll back of a projection at a time.
            models.UniqueConstraint(
                fields=["projection"],
                condition=models.Q(finished_at=None) & ~models.Q(kind="retry"),
                name="projections_operation_one",
            ),
        ]
        indexes = [
            models.Index(
                fields=["projection", "-id"], name="projections_operation_newest"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk} of {self.projection}"


class ConsistencyCheck(models.Model):
    """How many rows were compared with their events, and what differed.

    One row a projection. It counts streams; one that stays wrong counts each time.
    """

    projection = models.CharField(max_length=100, unique=True)
    # By whom is of no interest: within an interval nobody else begins.
    begun_at = models.DateTimeField(null=True)
    checked = models.BigIntegerField(default=0)
    failed = models.BigIntegerField(default=0)
    last_checked_at = models.DateTimeField(null=True)
    last_failure = models.JSONField(null=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.projection}: {self.failed} of {self.checked} differed"


class AuditEntry(models.Model):
    """What an operator did or was refused, and why. Appended, never changed.

    outcome: "done", "started" (an operation, which appends its own end), "refused", or
    the state in which an operation ended.
    """

    at = models.DateTimeField(default=timezone.now, db_index=True)
    actor = models.CharField(max_length=200)
    action = models.CharField(max_length=50)
    projection = models.CharField(max_length=100)
    reason = models.CharField(max_length=500, blank=True)
    parameters = models.JSONField(default=dict)
    outcome = models.CharField(max_length=20, default="done")
    detail = models.TextField(blank=True)
    operation = models.BigIntegerField(null=True)
    # Of the review page that it was confirmed on, so that it is done once.
    token = models.UUIDField(null=True, unique=True)

    class Meta:
        default_permissions = ("view",)
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return f"{self.action} {self.projection} by {self.actor}"
