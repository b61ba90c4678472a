from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("eventstore", "0001_event_log"),
    ]

    operations = [
        migrations.CreateModel(
            name="KeptAnswer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("client", models.TextField()),
                ("key", models.TextField()),
                ("request_hash", models.BinaryField()),
                ("status", models.SmallIntegerField()),
                ("headers", models.JSONField()),
                ("body", models.BinaryField()),
                ("kept_at", models.DateTimeField()),
            ],
            options={
                "db_table": "eventstore_answer",
                "default_permissions": (),
                "indexes": [
                    models.Index(fields=["kept_at"], name="eventstore_answer_kept_idx")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("client", "key"),
                        name="eventstore_answer_client_key_key",
                    )
                ],
            },
        ),
    ]
