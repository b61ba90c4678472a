"""Seals of settled ranges, append-only as the log."""

from django.db import migrations, models

# ENABLE ALWAYS: session_replication_role = replica passes plain triggers by. Marks are
# hashes: to try to compress them would only take time.
APPEND_ONLY = """
CREATE FUNCTION eventstore_refuse_seal_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    RAISE EXCEPTION 'seals are append-only: % of eventstore_seal is refused', TG_OP
        USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER eventstore_seal_no_change
    BEFORE UPDATE OR DELETE ON eventstore_seal
    FOR EACH STATEMENT EXECUTE FUNCTION eventstore_refuse_seal_change();
CREATE TRIGGER eventstore_seal_no_truncate
    BEFORE TRUNCATE ON eventstore_seal
    FOR EACH STATEMENT EXECUTE FUNCTION eventstore_refuse_seal_change();
ALTER TABLE eventstore_seal ENABLE ALWAYS TRIGGER eventstore_seal_no_change;
ALTER TABLE eventstore_seal ENABLE ALWAYS TRIGGER eventstore_seal_no_truncate;
ALTER TABLE eventstore_seal ALTER COLUMN marks SET STORAGE EXTERNAL;
"""

DROP_APPEND_ONLY = """
DROP TRIGGER eventstore_seal_no_change ON eventstore_seal;
DROP TRIGGER eventstore_seal_no_truncate ON eventstore_seal;
DROP FUNCTION eventstore_refuse_seal_change();
"""


class Migration(migrations.Migration):
    dependencies = [("eventstore", "0004_person_keys")]
    operations = [
        migrations.CreateModel(
            name="Seal",
            fields=[
                ("number", models.IntegerField(primary_key=True, serialize=False)),
                ("log_id", models.UUIDField()),
                ("epoch", models.IntegerField()),
                ("first_position", models.BigIntegerField()),
                ("last_position", models.BigIntegerField(unique=True)),
                ("events", models.IntegerField()),
                ("marks", models.BinaryField()),
                ("previous", models.BinaryField()),
                ("digest", models.BinaryField()),
                ("public_key", models.BinaryField()),
                ("signature", models.BinaryField()),
                ("sealed_at", models.DateTimeField()),
                ("algorithm", models.SmallIntegerField()),
            ],
            options={"db_table": "eventstore_seal", "default_permissions": ()},
        ),
        migrations.RunSQL(APPEND_ONLY, DROP_APPEND_ONLY),
    ]
