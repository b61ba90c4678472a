from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("projections", "0006_consistency_checks"),
    ]

    operations = [
        migrations.AddField(
            model_name="auditentry",
            name="token",
            field=models.UUIDField(null=True, unique=True),
        ),
        migrations.AlterModelOptions(
            name="operation",
            options={
                "default_permissions": ("view",),
                "permissions": [
                    ("pause", "Can pause and resume projections"),
                    ("rebuild", "Can rebuild and repartition projections"),
                    ("swap", "Can swap, roll back, discard and cancel rebuilds"),
                    ("retry", "Can retry held streams"),
                    ("skip", "Can skip failing events for ever"),
                    ("view", "Can see the operations console"),
                    ("view_payload", "Can see the data of events"),
                ],
            },
        ),
    ]
