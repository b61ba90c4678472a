"""Generations with roles, operations, the audit that only grows; schemas for tables."""

import django.utils.timezone
from django.db import migrations, models

# Where a rebuild fills its tables, and where those wait that were live before.
SCHEMAS = """
CREATE SCHEMA IF NOT EXISTS projections_shadow;
CREATE SCHEMA IF NOT EXISTS projections_kept;
"""
DROP_SCHEMAS = """
DROP SCHEMA projections_shadow;
DROP SCHEMA projections_kept;
"""

APPEND_ONLY = """
CREATE FUNCTION projections_refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    RAISE EXCEPTION 'the audit is append-only: % of projections_auditentry is refused',
        TG_OP
        USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER projections_auditentry_no_change
    BEFORE UPDATE OR DELETE OR TRUNCATE ON projections_auditentry
    FOR EACH STATEMENT EXECUTE FUNCTION projections_refuse_change();
ALTER TABLE projections_auditentry
    ENABLE ALWAYS TRIGGER projections_auditentry_no_change;
"""
DROP_APPEND_ONLY = """
DROP TRIGGER projections_auditentry_no_change ON projections_auditentry;
DROP FUNCTION projections_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("projections", "0002_dead_letters"),
    ]

    operations = [
        migrations.CreateModel(
            name="Operation",
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
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("rebuild", "Rebuild"),
                            ("rollback", "Rollback"),
                            ("retry", "Retry"),
                        ],
                        max_length=20,
                    ),
                ),
                ("projection", models.CharField(max_length=100)),
                ("generation", models.IntegerField(null=True)),
                ("version", models.IntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("filling", "Filling"),
                            ("tailing", "Tailing"),
                            ("comparing", "Comparing"),
                            ("ready", "Ready"),
                            ("swapping", "Swapping"),
                            ("retrying", "Retrying"),
                            ("finished", "Finished"),
                            ("failed", "Failed"),
                            ("cancelled", "Cancelled"),
                        ],
                        max_length=20,
                    ),
                ),
                ("actor", models.CharField(max_length=200)),
                ("reason", models.CharField(blank=True, max_length=500)),
                ("parameters", models.JSONField(default=dict)),
                ("done", models.BigIntegerField(default=0)),
                ("total", models.BigIntegerField(default=0)),
                ("rate", models.FloatField(default=0)),
                ("note", models.TextField(blank=True)),
                ("progress", models.JSONField(default=dict)),
                ("result", models.JSONField(default=dict)),
                ("started_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("changed_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("finished_at", models.DateTimeField(null=True)),
            ],
            options={
                "permissions": [
                    ("pause", "Can pause and resume projections"),
                    ("rebuild", "Can rebuild and repartition projections"),
                    ("swap", "Can swap, roll back, discard and cancel rebuilds"),
                    ("retry", "Can retry held streams"),
                    ("skip", "Can skip failing events for ever"),
                    ("view_payload", "Can see the data of events"),
                ],
                "default_permissions": ("view",),
            },
        ),
        migrations.AddField(
            model_name="auditentry",
            name="detail",
            field=models.TextField(blank=True),
        ),
        migrations.AddField(
            model_name="auditentry",
            name="operation",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="auditentry",
            name="outcome",
            field=models.CharField(default="done", max_length=20),
        ),
        migrations.AddField(
            model_name="checkpoint",
            name="role",
            field=models.CharField(
                choices=[("live", "Live"), ("shadow", "Shadow"), ("kept", "Kept")],
                default="live",
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="checkpoint",
            name="state",
            field=models.CharField(
                choices=[
                    ("running", "Running"),
                    ("paused", "Paused"),
                    ("faulted", "Faulted"),
                    ("filling", "Filling"),
                    ("resting", "Resting"),
                ],
                default="running",
                max_length=20,
            ),
        ),
        migrations.AddConstraint(
            model_name="checkpoint",
            constraint=models.UniqueConstraint(
                fields=("projection", "role", "partition"),
                name="projections_checkpoint_role_key",
            ),
        ),
        migrations.AddIndex(
            model_name="operation",
            index=models.Index(
                fields=["projection", "-id"], name="projections_operation_newest"
            ),
        ),
        migrations.AddConstraint(
            model_name="operation",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    ("finished_at", None), models.Q(("kind", "retry"), _negated=True)
                ),
                fields=("projection",),
                name="projections_operation_one",
            ),
        ),
        migrations.RunSQL(SCHEMAS, DROP_SCHEMAS),
        migrations.RunSQL(APPEND_ONLY, DROP_APPEND_ONLY),
    ]
