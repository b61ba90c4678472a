"""Wrapped keys in a file: they go with the events that need them, if asked for."""

import json

import pytest
from django.core.management import CommandError, call_command

from eventstore import errors, store
from eventstore.files import exporting, importing
from tests.integration.eventstore.sessions import Session
from tests.integration.seals import history

STORE = """
INSERT INTO eventstore_key (key_id, subject, wrapped, master, created_at)
VALUES (%s, %s, sha256('wrapped'), 'm', '2026-01-02 03:04:05.678901Z')
"""
ALL = "SELECT k::text FROM eventstore_key k ORDER BY 1"


@pytest.fixture
def session(open_session) -> Session:
    """With two keys."""
    session: Session = open_session(autocommit=True)
    for key_id, subject in (("k-2", "customer-1"), ("k-1", "customer-ü\n2")):
        session.execute(STORE, [key_id, subject])
    return session


def test_it_takes_the_keys_along_as_they_are(session, forger, tmp_path):
    history.make()
    before = session.execute(ALL).fetchall()
    exported = exporting.export(tmp_path / "log", with_keys=True)
    assert (exported.events, exported.seals) == (9, 3)
    forger.run("TRUNCATE eventstore_event, eventstore_seal")
    session.execute("DELETE FROM eventstore_key")
    assert importing.import_file(tmp_path / "log").events == 9
    assert session.execute(ALL).fetchall() == before


def test_it_takes_no_keys_along_unless_it_is_told(session, tmp_path):
    history.make()
    exporting.export(tmp_path / "log")
    assert "wrapped" not in (tmp_path / "log").read_text("utf-8")


def test_it_stores_nothing_when_one_of_the_keys_is_there(session, forger, tmp_path):
    history.make()
    exporting.export(tmp_path / "log", with_keys=True)
    forger.run("TRUNCATE eventstore_event, eventstore_seal")
    with pytest.raises(errors.BrokenFile, match="this key cannot be stored") as refused:
        importing.import_file(tmp_path / "log")
    assert refused.value.line == 2
    assert store.head() == 0


def test_it_names_a_key_that_was_changed(session, forger, tmp_path):
    """No seal covers keys, the trailer does."""
    history.make()
    path = tmp_path / "log"
    exporting.export(path, with_keys=True)
    lines = path.read_text("utf-8").splitlines(keepends=True)
    key = json.loads(lines[1])
    lines[1] = json.dumps({**key, "row": {**key["row"], "subject": "x"}}) + "\n"
    path.write_text("".join(lines), "utf-8")
    forger.run("TRUNCATE eventstore_event, eventstore_seal")
    session.execute("DELETE FROM eventstore_key")
    with pytest.raises(errors.BrokenFile, match="no seal covers changed"):
        importing.import_file(path)
    assert session.execute(ALL).fetchall() == []


def test_it_gives_no_keys_to_people(database, tmp_path):
    with pytest.raises(CommandError, match="no keys go with it"):
        call_command(
            "event_store", "export", "--readable", "--with-keys", str(tmp_path / "log")
        )
