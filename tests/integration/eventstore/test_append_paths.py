"""P1: no way into the table passes the lock by, whatever client and role it is."""

import subprocess
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg
import pytest

from cqrs_site.embedded import postgres
from eventstore import settled
from tests import cleaning, servers
from tests.integration.eventstore import readers, sessions
from tests.integration.eventstore.sessions import FLOOR_LOCKS

ROLE = "tests_append_only"
IN_A_LOOP = """
DO $$ BEGIN
    FOR version IN 1..3 LOOP
        INSERT INTO eventstore_event
            (event_id, stream, version, type, schema_version, occurred_at, data,
             metadata)
        VALUES (gen_random_uuid(), 'order-loop', version, 'NoteAdded', 1, now(),
                '{"text": "a"}', '{}');
    END LOOP;
END $$
"""


@contextmanager
def by_insert(open_session):
    yield _appended(open_session())


@contextmanager
def by_copy(open_session):
    session = open_session()
    copied = f"COPY eventstore_event {sessions.COLUMNS} FROM STDIN"
    row = [uuid4(), "order-copied", 1, "NoteAdded", 1, "2026-01-01Z", "{}", "{}"]
    with session.cursor().copy(copied) as copy:
        copy.write_row(row)
    yield session.commit


@contextmanager
def by_a_loop(open_session):
    session = open_session()
    session.execute(IN_A_LOOP)
    yield session.commit


@contextmanager
def by_psql(open_session):
    program = [str(postgres.binary("psql")), "-qAtX", cleaning.on_test_database()]
    with subprocess.Popen(
        program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as psql:
        insert = sessions.APPEND.replace("%s, %s", "'order-psql', 1")
        psql.stdin.write(f"BEGIN;\n{insert};\n")
        psql.stdin.flush()
        assert psql.stdout.readline() == "1\n"

        def commit():
            psql.communicate("COMMIT;\n")

        yield commit


@contextmanager
def by_a_role_with_select_and_insert_only(open_session):
    if not servers.SERVERS.superuser_url:
        pytest.skip("DATABASE_URL names a server whose superuser is not known")
    url = cleaning.on_test_database(servers.SERVERS.superuser_url)
    with psycopg.connect(url, autocommit=True) as superuser:
        superuser.execute(f"CREATE ROLE {ROLE} LOGIN PASSWORD 'append'")
        superuser.execute(f"GRANT SELECT, INSERT ON eventstore_event TO {ROLE}")
        parts = urlsplit(url)
        its_url = parts._replace(netloc=f"{ROLE}:append@{parts.hostname}:{parts.port}")
        session = open_session(urlunsplit(its_url))
        try:
            yield _appended(session)
        finally:
            session.close()
            superuser.execute(f"DROP OWNED BY {ROLE}")
            superuser.execute(f"DROP ROLE {ROLE}")


def _appended(session):
    session.append()
    return session.commit


PATHS = [
    by_insert,
    by_copy,
    by_a_loop,
    by_psql,
    by_a_role_with_select_and_insert_only,
]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.__name__)
def test_it_publishes_a_floor_whoever_appends(path, open_session, watcher):
    race = readers.Race(readers.naive)
    with path(open_session) as commit:
        watcher.append()
        race.poll()
        assert race.ours.seen == []
        commit()
        race.finish(watcher)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.__name__)
def test_it_would_lose_that_append_without_the_trigger(path, open_session, watcher):
    watcher.execute(sessions.WITHOUT_FLOOR)
    follower = readers.Follower(readers.settled)
    with path(open_session) as commit:
        watcher.append()
        follower.poll()
        commit()
        follower.poll()
        assert follower.seen == sessions.positions(watcher)[-1:]


@pytest.mark.parametrize(
    ("state", "locks"), [("ENABLE ALWAYS", 1), ("ENABLE", 0)], ids=["always", "plain"]
)
def test_it_publishes_a_floor_under_the_replication_role(
    state, locks, superuser_url, open_session
):
    """A plain trigger does not fire there: what ENABLE ALWAYS is for."""
    session = open_session(superuser_url)
    session.execute(
        f"ALTER TABLE eventstore_event {state} TRIGGER eventstore_event_floor"
    )
    session.execute("SET session_replication_role = replica")
    session.append()
    assert session.value(FLOOR_LOCKS) == locks


def test_it_publishes_a_floor_whatever_the_session_has_set(open_session):
    """As a pool would that carries settings of one transaction into the next."""
    session = open_session(autocommit=True)
    session.execute("BEGIN")
    session.append()
    note = session.value(f"SHOW {sessions.NOTE}")
    session.execute("COMMIT")
    session.execute(f"SET {sessions.NOTE} = '{note}'")
    session.execute("BEGIN")
    session.append()
    assert session.value(FLOOR_LOCKS) == 1


def test_it_takes_one_lock_a_transaction(open_session):
    session = open_session()
    for version in range(1, 301):
        session.append("order-long", version)
    assert session.value(FLOOR_LOCKS) == 1
    assert settled.position() == settled.Settled(settled=0, last=300, open_appends=1)


def test_it_would_take_a_lock_an_append_without_its_note(open_session):
    session = open_session()
    for version in range(1, 301):
        session.execute(f"SET LOCAL {sessions.NOTE} = ''")
        session.append("order-long", version)
    assert session.value(FLOOR_LOCKS) == 300


def test_it_takes_a_new_lock_in_a_chained_transaction(open_session):
    session = open_session(autocommit=True)
    session.execute("BEGIN")
    session.append()
    session.execute("COMMIT AND CHAIN")
    session.append()
    assert session.value(FLOOR_LOCKS) == 1
    assert settled.position().settled == 1
    session.execute("ROLLBACK")
