"""P4: the database itself refuses to change history, whoever asks and however."""

import subprocess

import psycopg
import pytest

from cqrs_site.embedded import postgres
from tests import cleaning

CHANGES = {
    "update": "UPDATE eventstore_event SET data = '{}'",
    "update of no row": "UPDATE eventstore_event SET data = '{}' WHERE false",
    "delete": "DELETE FROM eventstore_event",
    "truncate": "TRUNCATE eventstore_event",
    "truncate cascade": "TRUNCATE eventstore_event, eventstore_log CASCADE",
    "upsert": """
        INSERT INTO eventstore_event
            (event_id, stream, version, type, schema_version, occurred_at, data,
             metadata)
        SELECT gen_random_uuid(), stream, version, type, 1, now(), '{}', '{}'
        FROM eventstore_event
        ON CONFLICT (stream, version) DO UPDATE SET data = excluded.data
    """,
    "merge": """
        MERGE INTO eventstore_event e
        USING (SELECT 1) one ON true
        WHEN MATCHED THEN DELETE
    """,
}
MESSAGE = "the event log is append-only: (UPDATE|DELETE|TRUNCATE) of eventstore_event"
HISTORY = "SELECT stream, version, data::text FROM eventstore_event ORDER BY position"

change = pytest.mark.parametrize("sql", CHANGES.values(), ids=CHANGES)


@pytest.fixture
def history(watcher) -> list[tuple]:
    """Two events, as they must stay."""
    watcher.append("order-1", 1)
    watcher.append("order-1", 2)
    return watcher.execute(HISTORY).fetchall()


@change
def test_it_refuses_to_change_events(sql, history, watcher):
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match=MESSAGE):
        watcher.execute(sql)
    assert watcher.execute(HISTORY).fetchall() == history


@change
def test_it_refuses_the_superuser_under_the_replication_role_too(
    sql, history, superuser_url, open_session, watcher
):
    superuser = open_session(superuser_url, autocommit=True)
    superuser.execute("SET session_replication_role = replica")
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match=MESSAGE):
        superuser.execute(sql)
    assert watcher.execute(HISTORY).fetchall() == history


@change
def test_it_would_pass_plain_triggers_under_the_replication_role(
    sql, history, superuser_url, open_session
):
    """Why the triggers are ENABLE ALWAYS. Rolled back with the session."""
    superuser = open_session(superuser_url)
    superuser.execute("ALTER TABLE eventstore_event ENABLE TRIGGER USER")
    superuser.execute("SET session_replication_role = replica")
    superuser.execute(sql)


@change
def test_it_refuses_psql_as_the_applications_user(sql, history, watcher):
    arguments = [str(postgres.binary("psql")), "-X", cleaning.on_test_database()]
    psql = subprocess.run([*arguments, "-c", sql], capture_output=True, text=True)
    assert psql.returncode == 1
    assert "ERROR:  the event log is append-only" in psql.stderr
    assert "HINT:  History is corrected by appending another event." in psql.stderr
    assert watcher.execute(HISTORY).fetchall() == history


def test_it_refuses_a_second_row_of_the_logs_identity(watcher):
    with pytest.raises(psycopg.errors.CheckViolation, match="one_row"):
        watcher.execute(
            "INSERT INTO eventstore_log (id, log_id, epoch) "
            "VALUES (2, gen_random_uuid(), 1)"
        )


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("version", "0"),
        ("schema_version", "0"),
        ("stream", "'x'"),
        ("type", "''"),
        ("data", "NULL"),
        ("occurred_at", "NULL"),
    ],
)
def test_it_refuses_events_that_cannot_be(column, value, watcher):
    values = {
        "event_id": "gen_random_uuid()",
        "stream": "'order-1'",
        "version": "1",
        "type": "'NoteAdded'",
        "schema_version": "1",
        "occurred_at": "now()",
        "data": "'{}'",
        "metadata": "'{}'",
        column: value,
    }
    with pytest.raises(psycopg.IntegrityError):
        watcher.execute(
            f"INSERT INTO eventstore_event ({', '.join(values)}) "
            f"VALUES ({', '.join(values.values())})"
        )


def test_it_refuses_a_position_of_the_writers_choice(watcher):
    """A plain INSERT cannot; OVERRIDING SYSTEM VALUE is for imports under a lock."""
    with pytest.raises(psycopg.errors.GeneratedAlways):
        watcher.execute(
            "INSERT INTO eventstore_event "
            "VALUES (1, gen_random_uuid(), 'order-1', 1, 'NoteAdded', 1, now(), now(), "
            "'{}', '{}')"
        )
