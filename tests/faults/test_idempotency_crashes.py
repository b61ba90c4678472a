"""A crash between any two statements leaves an event with its key, or neither."""

import sys

import pytest
from django.db import connection
from django.test import Client

from api import keys
from eventstore.models import KeptAnswer
from tests.faults import keyed, nursery
from tests.integration.eventstore import sessions
from tests.integration.orders.replays import assert_replay
from tests.integration.orders.shop import stored_events

TERMINATE = "SELECT pg_terminate_backend(%s)"
GONE = "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = %s)"
# Of a first request: fewer would mean that the test looks at something else.
LEAST = 8


@pytest.fixture
def key(database: None) -> str:
    return keys.create(name="client", scopes=("orders:write",)).key


@pytest.fixture
def http(key: str) -> Client:
    return Client(
        headers={"Authorization": f"Bearer {key}"}, raise_request_exception=False
    )


def statements_of(http: Client) -> list[str]:
    """Of a request that nothing happens to. The first one also notes the key's use."""
    keyed.place(http, "before")
    with keyed.dying(at=-1, after=False, die=lambda: None) as begun:
        assert keyed.place(http, "counted").status_code == 201
    assert len(begun) >= LEAST
    assert any("INSERT INTO eventstore_event" in sql for sql in begun)
    assert "INSERT INTO eventstore_answer" in begun[-1]
    sys.stdout.write(f"{len(begun)} statements\n")
    return begun


def sent_until_answered(http: Client, name: str):
    """The server may take a moment to notice that the client of a lock is gone."""
    found = []

    def answered() -> bool:
        found.append(keyed.place(http, name))
        return found[-1].status_code != 409

    sessions.wait_until(answered)
    return found[-1]


def assert_both_or_neither(http: Client, name: str, before: int) -> None:
    """And whoever sends it again has the order, once."""
    kept = KeptAnswer.objects.filter(key=name).count()
    assert stored_events() - before == kept
    first = sent_until_answered(http, name)
    assert first.status_code == 201, first.content
    assert ("Idempotency-Replayed" in first) == bool(kept)
    assert stored_events() - before == 1
    assert_replay(keyed.place(http, name), first)
    assert stored_events() - before == 1


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_it_keeps_both_or_neither_when_its_session_is_ended(http, after):
    count = len(statements_of(http))
    with sessions.opened() as open_session:
        other = open_session(autocommit=True)

        def end() -> None:
            pid = connection.connection.info.backend_pid
            other.execute(TERMINATE, [pid])
            sessions.wait_until(lambda: other.value(GONE, [pid]))

        for number in range(count):
            name, before = f"k-{number}", stored_events()
            with keyed.dying(at=number, after=after, die=end) as begun:
                answer = keyed.place(http, name)
            assert len(begun) > number
            assert answer.status_code == 503, (number, begun[number])
            connection.close()
            assert stored_events() == before
            assert_both_or_neither(http, name, before)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_it_keeps_both_or_neither_when_its_process_is_killed(
    http, key, children, after
):
    for number in range(len(statements_of(http))):
        name, before = f"k-{number}", stored_events()
        pid = children.start(
            "sender", key=key, idempotency_key=name, statement=number, after=after
        )
        sessions.wait_until(lambda pid=pid: not nursery.runs(pid), seconds=30)
        assert KeptAnswer.objects.filter(key=name).count() == 0
        assert_both_or_neither(http, name, before)


def test_it_keeps_both_when_nobody_gets_the_answer(http, key, children):
    before = stored_events()
    pid = children.start(
        "sender", key=key, idempotency_key="k", statement=-1, after=True
    )
    sessions.wait_until(lambda: not nursery.runs(pid), seconds=30)
    assert KeptAnswer.objects.filter(key="k").count() == 1
    assert_both_or_neither(http, "k", before)
