from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("projections", "0005_checkpoint_cache_epoch"),
    ]

    operations = [
        migrations.CreateModel(
            name="ConsistencyCheck",
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
                ("projection", models.CharField(max_length=100, unique=True)),
                ("begun_at", models.DateTimeField(null=True)),
                ("checked", models.BigIntegerField(default=0)),
                ("failed", models.BigIntegerField(default=0)),
                ("last_checked_at", models.DateTimeField(null=True)),
                ("last_failure", models.JSONField(null=True)),
            ],
            options={"default_permissions": ()},
        ),
    ]
