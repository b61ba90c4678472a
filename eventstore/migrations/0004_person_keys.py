from django.db import migrations, models
from django.db.models.fields.json import KeyTextTransform


class Migration(migrations.Migration):
    dependencies = [
        ("eventstore", "0003_snapshots"),
    ]

    operations = [
        migrations.CreateModel(
            name="PersonKey",
            fields=[
                ("key_id", models.TextField(primary_key=True, serialize=False)),
                ("subject", models.TextField(unique=True)),
                ("wrapped", models.BinaryField()),
                ("master", models.TextField()),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "db_table": "eventstore_key",
                "default_permissions": (),
                "indexes": [
                    models.Index(
                        fields=["master", "key_id"], name="eventstore_key_master_idx"
                    )
                ],
            },
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(
                KeyTextTransform("customer_id", "metadata"),
                condition=models.Q(("version", 1)),
                name="eventstore_event_customer_idx",
            ),
        ),
        migrations.AddField(
            model_name="snapshot",
            name="key_id",
            field=models.TextField(default=""),
        ),
        # They are copies, which had personal data as it is.
        migrations.RunSQL(
            "DELETE FROM eventstore_snapshot", migrations.RunSQL.noop, elidable=True
        ),
    ]
