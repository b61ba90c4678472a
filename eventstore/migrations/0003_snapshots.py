"""Snapshots of long streams. They can be emptied at any time: commands make them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("eventstore", "0002_kept_answers")]
    operations = [
        migrations.CreateModel(
            name="Snapshot",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "stream",
                        "fingerprint",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("stream", models.TextField()),
                ("fingerprint", models.TextField()),
                ("version", models.IntegerField()),
                ("event_id", models.UUIDField()),
                ("recorded_at", models.DateTimeField()),
                ("state", models.BinaryField()),
                ("created_at", models.DateTimeField()),
            ],
            options={"db_table": "eventstore_snapshot", "default_permissions": ()},
        ),
    ]
