"""Seals cover what is settled, once, in order, and no writer waits for them."""

import random
import threading
import time

import psycopg
import pytest
from django.db import connections

from eventstore import store
from eventstore.models import Seal
from eventstore.seals import marks, sealing, verifying
from tests.integration.eventstore import clients, sessions
from tests.integration.seals import history

LOCK = "SELECT pg_advisory_xact_lock(%s::bigint << 48)"
COLUMNS = """
SELECT position, event_id::text, version::text, schema_version::text, recorded_at,
       occurred_at, stream, type, data::text, metadata::text
FROM eventstore_event
ORDER BY position
"""
SPECIAL = """
INSERT INTO eventstore_event
    (event_id, stream, version, type, schema_version, occurred_at, data, metadata)
VALUES (gen_random_uuid(), %s, 1, %s, 1, %s, '{"n": 1.50, "ü": "\\n\\"é"}', '{}')
"""

pytestmark = pytest.mark.usefixtures("database")


def ranges() -> list[tuple[int, int, int]]:
    found = Seal.objects.order_by("number")
    return list(found.values_list("first_position", "last_position", "events"))


def test_it_seals_what_is_settled_range_after_range():
    history.make()
    assert ranges() == [(1, 3, 3), (4, 7, 3), (8, 9, 2)]
    assert sealing.seal_settled() == 1
    assert sealing.seal_settled() == 0
    assert ranges()[3:] == [(10, 10, 1)]


def test_it_leaves_the_rest_to_the_next_call_when_its_time_is_over():
    for number in range(1, 6):
        history.append(number)
    assert sealing.seal_settled(events=2, seconds=0) == 2
    assert sealing.seal_settled(events=2, seconds=0) == 2
    assert sealing.seal_settled(events=2, seconds=0) == 1


def test_it_stops_below_an_append_that_is_open(open_session):
    history.append(1)
    slow = open_session()
    slow.append()
    history.append(3)
    assert sealing.seal_settled() == 1
    slow.commit()
    assert sealing.seal_settled() == 2
    assert ranges() == [(1, 1, 1), (2, 3, 2)]


def test_it_ends_at_an_event_and_not_at_a_position_that_was_rolled_back(open_session):
    history.append(1)
    failing = open_session()
    failing.append()
    failing.rollback()
    assert sealing.seal_settled() == 1
    assert ranges() == [(1, 1, 1)]


def test_it_leaves_the_work_to_whoever_seals_already(open_session):
    history.append(1)
    other = open_session()
    other.execute(LOCK, [sealing.LOCK_SPACE])
    assert sealing.seal_settled() == 0
    other.rollback()
    assert sealing.seal_settled() == 1


def test_it_seals_once_however_many_workers_try():
    for number in range(1, 31):
        history.append(number)
    sealed = clients.together(6, lambda _: sealing.seal_settled(events=2))
    assert sum(sealed) == 30
    assert ranges() == [(first, first + 1, 2) for first in range(1, 31, 2)]
    assert verifying.verify().finding is None


def test_it_lets_writers_append_while_a_seal_is_made(open_session):
    history.append(1)
    sealer = open_session()
    sealer.execute(LOCK, [sealing.LOCK_SPACE])
    sealer.execute(marks.READ, [0, 1, None])
    history.append(2)
    assert store.head() == 2


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE eventstore_seal SET epoch = 2",
        "DELETE FROM eventstore_seal WHERE false",
        "TRUNCATE eventstore_seal",
    ],
)
def test_it_refuses_to_change_seals(sql, superuser_url, open_session):
    history.make()
    superuser = open_session(superuser_url, autocommit=True)
    superuser.execute("SET session_replication_role = replica")
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
        superuser.execute(sql)
    assert len(ranges()) == 3


@pytest.mark.parametrize(
    "stream", ["order-1", 'order-"\\\n\t\x01\x1f\x7f', "order-ünïcode 🍵  "]
)
@pytest.mark.parametrize(
    "at", ["1969-12-31 23:59:59.5Z", "2026-01-02 03:04:05.678901Z", "9999-12-31Z"]
)
def test_it_hashes_the_same_bytes_in_sql_and_in_python(stream, at, open_session):
    with open_session() as session:
        session.execute(SPECIAL, [stream, stream[:90], at])
        position, event_id, version, schema, recorded, occurred, *texts = (
            session.execute(COLUMNS).fetchone()
        )
    columns = [
        event_id,
        version,
        schema,
        marks.seconds(recorded),
        marks.seconds(occurred),
        *(marks.quoted(each) for each in texts[:2]),
        *texts[2:],
    ]
    assert marks.read(after=0, up_to=position) == marks.of(position, columns)


def test_it_never_misses_an_event_while_writers_are_slow_or_give_up():
    """Eight writers with pauses before they end, a third of which roll back."""
    ends = time.monotonic() + 4
    done = threading.Event()

    def write(index: int) -> int:
        dice, committed = random.Random(index), 0
        with sessions.opened() as open_session:
            session = open_session()
            while time.monotonic() < ends:
                for _ in range(dice.randint(1, 3)):
                    session.append()
                time.sleep(dice.random() * 0.02)
                if dice.random() < 0.33:
                    session.rollback()
                else:
                    session.commit()
                    committed += 1
        return committed

    def work(index: int) -> int:
        if index:
            return write(index)
        while not done.is_set() and time.monotonic() < ends + 10:
            sealing.seal_settled(events=7, seconds=0.2)
            if time.monotonic() > ends:
                done.set()
        return 1

    assert all(isinstance(each, int) for each in clients.together(9, work))
    while sealing.seal_settled():
        pass
    report = verifying.verify()
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM eventstore_event")
        (stored,) = cursor.fetchone()
    assert report.finding is None
    assert (report.events, report.unsealed) == (stored, 0)
    assert report.seals > 20
    assert stored > 100
