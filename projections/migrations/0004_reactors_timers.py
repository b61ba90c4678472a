from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("projections", "0003_generations_and_operations"),
    ]

    operations = [
        migrations.CreateModel(
            name="Timer",
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
                ("reactor", models.CharField(max_length=100)),
                ("stream", models.TextField()),
                ("key", models.TextField()),
                ("identity", models.UUIDField()),
                ("due_at", models.DateTimeField()),
                ("data", models.JSONField(default=dict)),
                ("event_id", models.UUIDField()),
                ("correlation_id", models.TextField(blank=True)),
                ("attempts", models.IntegerField(default=0)),
                ("next_attempt_at", models.DateTimeField()),
                ("error", models.TextField(blank=True)),
            ],
            options={
                "default_permissions": ("view",),
                "indexes": [
                    models.Index(
                        fields=["reactor", "next_attempt_at"],
                        name="projections_timer_due",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("reactor", "stream", "key"),
                        name="projections_timer_key",
                    )
                ],
            },
        ),
    ]
