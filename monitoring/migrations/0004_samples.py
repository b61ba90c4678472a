"""Samples for the charts."""

import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0003_let_groups_see_snapshots")]

    operations = [
        migrations.CreateModel(
            name="Sample",
            fields=[
                ("slot", models.BigIntegerField(primary_key=True, serialize=False)),
                (
                    "at",
                    models.DateTimeField(
                        db_index=True, default=django.utils.timezone.now
                    ),
                ),
                ("data", models.JSONField()),
            ],
            options={"default_permissions": ()},
        ),
    ]
