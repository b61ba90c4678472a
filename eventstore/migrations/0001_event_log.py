"""The event table, the triggers that keep it ordered and append-only, the log row."""

from typing import Any

import django.contrib.postgres.indexes
from django.db import migrations, models

CREATE_EVENT = """
CREATE TABLE eventstore_event (
    position bigint GENERATED ALWAYS AS IDENTITY
        -- CACHE 1: a cached range would hand out positions below a floor already taken.
        -- MAXVALUE 2^48 - 1: a floor has to fit into the low 48 bits of a lock key.
        (CACHE 1 NO CYCLE MAXVALUE 281474976710655)
        CONSTRAINT eventstore_event_pkey PRIMARY KEY,
    event_id uuid NOT NULL CONSTRAINT eventstore_event_event_id_key UNIQUE,
    stream text NOT NULL
        CONSTRAINT eventstore_event_stream_length
            CHECK (length(stream) BETWEEN 3 AND 200),
    version integer NOT NULL
        CONSTRAINT eventstore_event_version_positive CHECK (version > 0),
    type text NOT NULL
        CONSTRAINT eventstore_event_type_length CHECK (length(type) BETWEEN 1 AND 100),
    schema_version smallint NOT NULL
        CONSTRAINT eventstore_event_schema_version_positive CHECK (schema_version > 0),
    -- The clock, not the start of the transaction, which runs backwards in a stream.
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    occurred_at timestamptz NOT NULL,
    data jsonb NOT NULL,
    metadata jsonb NOT NULL,
    CONSTRAINT eventstore_event_stream_version_key UNIQUE (stream, version)
);
CREATE INDEX eventstore_event_type_idx ON eventstore_event (type, position);
-- One entry a stream: the list of streams.
CREATE INDEX eventstore_event_first_idx ON eventstore_event (position)
    WHERE version = 1;
CREATE INDEX eventstore_event_recorded_idx ON eventstore_event USING brin (recorded_at);
"""

DROP_EVENT = "DROP TABLE eventstore_event;"

# Every append publishes, before it draws positions, a lower bound of all positions it
# will get: the sequence's last value, in the key of a shared advisory lock that ends
# with the transaction. Readers stop below the smallest bound (settled.py). A trigger
# does it, so that psql, COPY and loops in scripts cannot pass it by. One lock a
# transaction: the setting is rolled back together with the lock at ROLLBACK TO, and
# both end at COMMIT. It names the transaction, so that a value which a session, a pool
# or a role brought along is not taken for a lock. The time-out ends an append whose
# client vanished.
FLOOR_TRIGGER = """
CREATE FUNCTION eventstore_floor() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    floor bigint;
BEGIN
    IF current_setting('cqrs.floor_published_by', true)
            IS DISTINCT FROM pg_current_xact_id()::text THEN
        SELECT CASE WHEN is_called THEN last_value ELSE 0 END
        INTO STRICT floor
        FROM public.eventstore_event_position_seq;
        PERFORM pg_advisory_xact_lock_shared((7::bigint << 48) | floor);
        PERFORM set_config(
                    'cqrs.floor_published_by', pg_current_xact_id()::text, true
                ),
                set_config('cqrs.append_floor', floor::text, true),
                set_config('idle_in_transaction_session_timeout', '10s', true);
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER eventstore_event_floor
    BEFORE INSERT ON eventstore_event
    FOR EACH STATEMENT EXECUTE FUNCTION eventstore_floor();
ALTER TABLE eventstore_event ENABLE ALWAYS TRIGGER eventstore_event_floor;
"""

# A position that was not drawn now (COPY with that column, OVERRIDING SYSTEM VALUE)
# could land in a hole that readers have passed. The WHEN clause costs no call.
POSITION_TRIGGER = """
CREATE FUNCTION eventstore_refuse_position() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    RAISE EXCEPTION 'position % of eventstore_event is not one that was drawn now',
        NEW.position
        USING ERRCODE = 'insufficient_privilege',
              HINT = 'Positions are given by the log: leave the column out.';
END $$;

CREATE TRIGGER eventstore_event_position
    BEFORE INSERT ON eventstore_event
    FOR EACH ROW
    WHEN (NEW.position <= coalesce(
        nullif(current_setting('cqrs.append_floor', true), '')::bigint, 0
    ))
    EXECUTE FUNCTION eventstore_refuse_position();
ALTER TABLE eventstore_event ENABLE ALWAYS TRIGGER eventstore_event_position;
"""

DROP_POSITION = """
DROP TRIGGER eventstore_event_position ON eventstore_event;
DROP FUNCTION eventstore_refuse_position();
"""

DROP_FLOOR = """
DROP TRIGGER eventstore_event_floor ON eventstore_event;
DROP FUNCTION eventstore_floor();
"""

# ENABLE ALWAYS: session_replication_role = replica passes plain triggers by.
APPEND_ONLY_TRIGGERS = """
CREATE FUNCTION eventstore_refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    RAISE EXCEPTION 'the event log is append-only: % of eventstore_event is refused',
        TG_OP
        USING ERRCODE = 'insufficient_privilege',
              HINT = 'History is corrected by appending another event.';
END $$;

CREATE TRIGGER eventstore_event_no_change
    BEFORE UPDATE OR DELETE ON eventstore_event
    FOR EACH STATEMENT EXECUTE FUNCTION eventstore_refuse_change();
CREATE TRIGGER eventstore_event_no_truncate
    BEFORE TRUNCATE ON eventstore_event
    FOR EACH STATEMENT EXECUTE FUNCTION eventstore_refuse_change();
ALTER TABLE eventstore_event ENABLE ALWAYS TRIGGER eventstore_event_no_change;
ALTER TABLE eventstore_event ENABLE ALWAYS TRIGGER eventstore_event_no_truncate;
"""

DROP_APPEND_ONLY = """
DROP TRIGGER eventstore_event_no_change ON eventstore_event;
DROP TRIGGER eventstore_event_no_truncate ON eventstore_event;
DROP FUNCTION eventstore_refuse_change();
"""

# The order of the two reads is the proof: an append whose position is at or below
# `last` had taken its lock before `last` was read, so it either shows in pg_locks or
# has ended. No join on pid: a prepared transaction holds its lock without one. It
# must stay a VOLATILE function of its own, never part of the statement that reads
# events: that statement's snapshot would be older than the proof.
SETTLED_FUNCTION = """
CREATE FUNCTION eventstore_settled(
    OUT settled bigint, OUT last bigint, OUT open_appends integer
)
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog AS $$
DECLARE
    floor bigint;
BEGIN
    IF pg_is_in_recovery() THEN
        RAISE EXCEPTION 'the settled position is read on the primary, not on a standby'
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'the settled position needs READ COMMITTED, this is %',
            current_setting('transaction_isolation')
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    SELECT CASE WHEN is_called THEN last_value ELSE 0 END
    INTO STRICT last
    FROM public.eventstore_event_position_seq;
    SELECT min(((classid::bigint & 65535) << 32) | objid::bigint), count(*)
    INTO floor, open_appends
    FROM pg_locks
    WHERE locktype = 'advisory'
      AND objsubid = 1
      AND classid::bigint >> 16 = 7
      AND mode = 'ShareLock'
      AND granted
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database());
    settled := least(last, coalesce(floor, last));
END $$;
"""

DROP_SETTLED = "DROP FUNCTION eventstore_settled();"

FIRST_EPOCH = """
INSERT INTO eventstore_log (id, log_id, epoch) VALUES (1, gen_random_uuid(), 1);
"""

EVENT_FIELDS: list[tuple[str, Any]] = [
    ("position", models.BigIntegerField(primary_key=True, serialize=False)),
    ("event_id", models.UUIDField(unique=True)),
    ("stream", models.TextField()),
    ("version", models.IntegerField()),
    ("type", models.TextField()),
    ("schema_version", models.SmallIntegerField()),
    ("recorded_at", models.DateTimeField()),
    ("occurred_at", models.DateTimeField()),
    ("data", models.JSONField()),
    ("metadata", models.JSONField()),
]


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(CREATE_EVENT, DROP_EVENT)],
            state_operations=[
                migrations.CreateModel(
                    name="Event",
                    fields=EVENT_FIELDS,
                    options={
                        "db_table": "eventstore_event",
                        "default_permissions": ("view",),
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("stream", "version"),
                                name="eventstore_event_stream_version_key",
                            ),
                        ],
                        "indexes": [
                            models.Index(
                                fields=["type", "position"],
                                name="eventstore_event_type_idx",
                            ),
                            models.Index(
                                condition=models.Q(("version", 1)),
                                fields=["position"],
                                name="eventstore_event_first_idx",
                            ),
                            django.contrib.postgres.indexes.BrinIndex(
                                fields=["recorded_at"],
                                name="eventstore_event_recorded_idx",
                            ),
                        ],
                    },
                )
            ],
        ),
        migrations.RunSQL(FLOOR_TRIGGER, DROP_FLOOR),
        migrations.RunSQL(POSITION_TRIGGER, DROP_POSITION),
        migrations.RunSQL(APPEND_ONLY_TRIGGERS, DROP_APPEND_ONLY),
        migrations.RunSQL(SETTLED_FUNCTION, DROP_SETTLED),
        migrations.CreateModel(
            name="Log",
            fields=[
                (
                    "id",
                    models.SmallIntegerField(
                        default=1, primary_key=True, serialize=False
                    ),
                ),
                ("log_id", models.UUIDField()),
                ("epoch", models.IntegerField()),
            ],
            options={
                "db_table": "eventstore_log",
                "default_permissions": ("view",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("id", 1)), name="eventstore_log_one_row"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Stream",
            fields=[],
            options={"proxy": True, "default_permissions": ("view",)},
            bases=("eventstore.event",),
        ),
        migrations.RunSQL(FIRST_EPOCH, migrations.RunSQL.noop),
    ]
