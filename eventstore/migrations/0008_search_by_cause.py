"""Indexes to find events by what they belong to and by what caused them: see ADR 19.

Made while the log is in use: appends go on. First what a broken attempt left is
dropped.
"""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models.fields.json import KeyTextTransform

DROP = "DROP INDEX CONCURRENTLY IF EXISTS {}"


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("eventstore", "0007_sequence_read_under_its_lock")]
    operations = [
        migrations.RunSQL(
            DROP.format("eventstore_event_correl_idx"), migrations.RunSQL.noop
        ),
        AddIndexConcurrently(
            "event",
            models.Index(
                KeyTextTransform("correlation_id", "metadata"),
                models.F("position"),
                name="eventstore_event_correl_idx",
            ),
        ),
        migrations.RunSQL(
            DROP.format("eventstore_event_cause_idx"), migrations.RunSQL.noop
        ),
        AddIndexConcurrently(
            "event",
            models.Index(
                KeyTextTransform("causation_id", "metadata"),
                models.F("position"),
                condition=models.Q(metadata__has_key="causation_id"),
                name="eventstore_event_cause_idx",
            ),
        ),
        migrations.CreateModel(
            name="ListedSnapshot",
            fields=[
                ("stream", models.TextField(primary_key=True, serialize=False)),
                ("fingerprint", models.TextField()),
                ("version", models.IntegerField()),
                ("recorded_at", models.DateTimeField()),
                ("state", models.BinaryField()),
                ("key_id", models.TextField(default="")),
            ],
            options={
                "verbose_name": "snapshot",
                "db_table": "eventstore_snapshot",
                "managed": False,
                "default_permissions": ("view",),
            },
        ),
    ]
