from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("projections", "0004_reactors_timers"),
    ]

    operations = [
        migrations.AddField(
            model_name="checkpoint",
            name="cache_epoch",
            field=models.IntegerField(db_default=0, default=0),
        ),
    ]
