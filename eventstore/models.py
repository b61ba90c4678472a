from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models.fields.json import KeyTextTransform


class Event(models.Model):
    """The log: append-only by triggers of the table. Written by store.py alone.

    The table is made by SQL in the first migration; what matters stands there.
    """

    position = models.BigIntegerField(primary_key=True)
    event_id = models.UUIDField(unique=True)
    stream = models.TextField()
    version = models.IntegerField()
    type = models.TextField()
    schema_version = models.SmallIntegerField()
    recorded_at = models.DateTimeField()
    occurred_at = models.DateTimeField()
    data = models.JSONField()
    metadata = models.JSONField()

    class Meta:
        db_table = "eventstore_event"
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(
                fields=["stream", "version"], name="eventstore_event_stream_version_key"
            ),
        ]
        indexes = [
            models.Index(fields=["type", "position"], name="eventstore_event_type_idx"),
            # One entry a stream: the list of streams.
            models.Index(
                fields=["position"],
                condition=models.Q(version=1),
                name="eventstore_event_first_idx",
            ),
            # One entry a stream that is about a customer: search_keys.py.
            models.Index(
                KeyTextTransform("customer_id", "metadata"),
                condition=models.Q(version=1),
                name="eventstore_event_customer_idx",
            ),
            # A whole request's events, and what an event caused: ADR 19. With the
            # position, so that a group of any size is read a page at a time.
            models.Index(
                KeyTextTransform("correlation_id", "metadata"),
                models.F("position"),
                name="eventstore_event_correl_idx",
            ),
            models.Index(
                KeyTextTransform("causation_id", "metadata"),
                models.F("position"),
                condition=models.Q(metadata__has_key="causation_id"),
                name="eventstore_event_cause_idx",
            ),
            # Rises with position but for moments, so block ranges find a time.
            BrinIndex(fields=["recorded_at"], name="eventstore_event_recorded_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.stream} v{self.version} @{self.position}"


class Stream(Event):
    """A stream, for the admin, which lists streams by their first events."""

    class Meta:
        proxy = True
        default_permissions = ("view",)

    def __str__(self) -> str:
        return self.stream


class Log(models.Model):
    """One row: the log's epoch, raised after a restore; checkpoints and tokens name it.

    log_id tells two systems' logs apart, so that a token of one is foreign to another.
    """

    id = models.SmallIntegerField(primary_key=True, default=1)
    log_id = models.UUIDField()
    epoch = models.IntegerField()

    class Meta:
        db_table = "eventstore_log"
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(
                condition=models.Q(id=1), name="eventstore_log_one_row"
            ),
        ]

    def __str__(self) -> str:
        return f"epoch {self.epoch} of log {self.log_id}"


class Seal(models.Model):
    """What a range of settled events was when it was sealed; written by seals/ alone.

    Append-only by triggers, as the log. `number` rises by one; each range begins behind
    the one before. marks: of each event (seals/marks.py); digest: of all that the seal
    states, with the digest before (seals/chain.py), and signed.
    """

    number = models.IntegerField(primary_key=True)
    log_id = models.UUIDField()
    epoch = models.IntegerField()
    first_position = models.BigIntegerField()
    last_position = models.BigIntegerField(unique=True)
    events = models.IntegerField()
    marks = models.BinaryField()
    previous = models.BinaryField()
    digest = models.BinaryField()
    public_key = models.BinaryField()
    signature = models.BinaryField()
    sealed_at = models.DateTimeField()
    algorithm = models.SmallIntegerField()

    class Meta:
        db_table = "eventstore_seal"
        default_permissions = ()

    def __str__(self) -> str:
        return f"seal {self.number}: {self.first_position} to {self.last_position}"


class KeptAnswer(models.Model):
    """What a client was answered under a key of its own; written by answers.py alone.

    Deleted when its time is over: no part of the log.
    """

    client = models.TextField()
    key = models.TextField()
    request_hash = models.BinaryField()
    status = models.SmallIntegerField()
    headers = models.JSONField()
    body = models.BinaryField()
    kept_at = models.DateTimeField()

    class Meta:
        db_table = "eventstore_answer"
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["client", "key"], name="eventstore_answer_client_key_key"
            ),
        ]
        indexes = [
            models.Index(fields=["kept_at"], name="eventstore_answer_kept_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.status} for {self.client}"


class Snapshot(models.Model):
    """The state of a long stream at a version, so that a command folds from there.

    It may be lost or wrong at any time: snapshots.py alone reads and writes it, and
    trusts it only while the log has the very event that it was made at.
    """

    pk = models.CompositePrimaryKey("stream", "fingerprint")
    stream = models.TextField()
    fingerprint = models.TextField()  # of the code that made it: states.fingerprint
    version = models.IntegerField()
    event_id = models.UUIDField()
    recorded_at = models.DateTimeField()
    state = models.BinaryField()  # as states.encode writes it
    key_id = models.TextField(default="")  # of the person's key that encrypted it
    created_at = models.DateTimeField()

    class Meta:
        db_table = "eventstore_snapshot"
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.stream} v{self.version}"


class ListedSnapshot(models.Model):
    """The same rows for lists in the admin, which takes no model of a composite key."""

    stream = models.TextField(primary_key=True)  # not alone: never ask for one by it
    fingerprint = models.TextField()
    version = models.IntegerField()
    recorded_at = models.DateTimeField()
    state = models.BinaryField()
    key_id = models.TextField(default="")

    class Meta:
        managed = False
        db_table = "eventstore_snapshot"
        default_permissions = ("view",)
        verbose_name = "snapshot"

    def __str__(self) -> str:
        return f"{self.stream} v{self.version}"


class PersonKey(models.Model):
    """The key that encrypts what the log has of a person; person_keys.py alone uses it.

    Deleted when the person is forgotten. It is wrapped by DATA_KEY, of which `master`
    is a fingerprint.
    """

    key_id = models.TextField(primary_key=True)  # random, never used again
    subject = models.TextField(unique=True)
    wrapped = models.BinaryField()
    master = models.TextField()
    created_at = models.DateTimeField()

    class Meta:
        db_table = "eventstore_key"
        default_permissions = ()
        indexes = [
            # What is still wrapped by a former DATA_KEY.
            models.Index(fields=["master", "key_id"], name="eventstore_key_master_idx"),
        ]

    def __str__(self) -> str:
        return f"key {self.key_id} of {self.subject}"
