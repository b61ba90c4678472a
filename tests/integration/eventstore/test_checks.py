"""System checks: each fires when the thing it is for is broken, and only then."""

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import connections, transaction

from eventstore import checks

pytestmark = pytest.mark.usefixtures("database")

TABLE = "ALTER TABLE eventstore_event"
BROKEN = {
    "asynchronous commits": ("E002", "SET LOCAL synchronous_commit = off"),
    "snapshots by default": (
        "E003",
        "SET LOCAL default_transaction_isolation = 'repeatable read'",
    ),
    "trigger disabled": (
        "E004",
        f"{TABLE} DISABLE TRIGGER eventstore_event_floor",
    ),
    "trigger not always": (
        "E004",
        f"{TABLE} ENABLE TRIGGER eventstore_event_no_change",
    ),
    "trigger dropped": (
        "E004",
        "DROP TRIGGER eventstore_event_no_truncate ON eventstore_event",
    ),
    "trigger that does nothing": (
        "E007",
        """CREATE OR REPLACE FUNCTION eventstore_floor() RETURNS trigger
        LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'""",
    ),
    "trigger on some changes only": (
        "E004",
        f"""CREATE OR REPLACE TRIGGER eventstore_event_no_change
        BEFORE DELETE ON eventstore_event
        FOR EACH STATEMENT EXECUTE FUNCTION eventstore_refuse_change();
        {TABLE} ENABLE ALWAYS TRIGGER eventstore_event_no_change""",
    ),
    "seals that can be changed": (
        "E004",
        "DROP TRIGGER eventstore_seal_no_change ON eventstore_seal",
    ),
    "seals that can be changed under the replication role": (
        "E004",
        "ALTER TABLE eventstore_seal ENABLE TRIGGER eventstore_seal_no_truncate",
    ),
    "no primary key": ("E005", f"{TABLE} DROP CONSTRAINT eventstore_event_pkey"),
    "event ids not unique": (
        "E005",
        f"{TABLE} DROP CONSTRAINT eventstore_event_event_id_key",
    ),
    "versions not unique": (
        "E005",
        f"{TABLE} DROP CONSTRAINT eventstore_event_stream_version_key",
    ),
    "versions not checked": (
        "E005",
        f"""{TABLE} DROP CONSTRAINT eventstore_event_version_positive;
        {TABLE} ADD CONSTRAINT eventstore_event_version_positive
            CHECK (version > 0) NOT VALID""",
    ),
    "cached positions": (
        "E006",
        "ALTER SEQUENCE eventstore_event_position_seq CACHE 20",
    ),
    "positions that start again": (
        "E006",
        "ALTER SEQUENCE eventstore_event_position_seq CYCLE",
    ),
    "positions beyond a lock key": (
        "E006",
        "ALTER SEQUENCE eventstore_event_position_seq NO MAXVALUE",
    ),
}


def found() -> list[str]:
    return [each.id for each in checks.check_log(databases=["default"])]


def test_it_finds_nothing_as_the_migrations_left_it():
    assert found() == []


@pytest.mark.parametrize(("id", "sql"), BROKEN.values(), ids=BROKEN)
def test_it_finds_what_is_broken(id, sql):
    with transaction.atomic(), connections["default"].cursor() as cursor:
        cursor.execute(sql)
        assert set(found()) == {f"eventstore.{id}"}
        transaction.set_rollback(True)
    assert found() == []


def test_it_finds_a_server_that_is_too_old(monkeypatch):
    monkeypatch.setattr(checks, "OLDEST_SERVER", 990000)
    assert found() == ["eventstore.E001"]


def test_it_finds_nothing_wrong_before_the_first_migration():
    with transaction.atomic(), connections["default"].cursor() as cursor:
        cursor.execute("ALTER TABLE eventstore_event RENAME TO not_yet")
        assert found() == []
        transaction.set_rollback(True)


def test_it_looks_at_the_logs_database_only():
    assert checks.check_log(databases=["read"]) == []
    assert checks.check_log(databases=None) == []


def test_it_stops_the_check_command(watcher):
    watcher.execute(f"{TABLE} DISABLE TRIGGER eventstore_event_no_change")
    with pytest.raises(SystemCheckError, match="eventstore_event_no_change"):
        call_command("check", databases=["default"])


def test_it_asks_for_no_seals_before_their_migration():
    with transaction.atomic(), connections["default"].cursor() as cursor:
        cursor.execute("DROP TABLE eventstore_seal")
        assert found() == []
        transaction.set_rollback(True)
