"""Answers kept under a client's key: in time, once, and together with the events."""

from datetime import UTC, datetime

import pytest
from django.db import connection, transaction

from cqrs_site import configuration
from eventstore import answers, errors, store
from eventstore.answers import Answer, Request
from eventstore.models import KeptAnswer
from tests.integration.eventstore import sessions
from tests.integration.eventstore.clients import Beside
from tests.integration.eventstore.notes import note

pytestmark = pytest.mark.usefixtures("database")

FIRST = Request(client="key:ada", key="k-1", hash=b"a")
OK = Answer(status=201, headers={"ETag": '"1"'}, body=b'{"a": 1.50}\n\xff')
AGE = "UPDATE eventstore_answer SET kept_at = kept_at - make_interval(secs => %s)"
LOCK = "SELECT pg_advisory_xact_lock((%s::bigint << 48) | %s)"
HOUR_S = 3600


def told(answer: Answer = OK, request: Request = FIRST) -> Answer:
    return answers.once(request, decide=lambda: answer)


def undecided() -> Answer:
    raise AssertionError("it was decided again")


def age(seconds: float) -> None:
    with connection.cursor() as cursor:
        cursor.execute(AGE, [seconds])


def keep(count: int) -> None:
    for number in range(count):
        told(request=Request(client="key:ada", key=f"k-{number}", hash=b"a"))


def test_it_keeps_every_byte_of_an_answer():
    assert not told().replayed
    again = answers.once(FIRST, decide=undecided)
    assert again.replayed
    assert (again.status, again.headers, again.body) == (OK.status, OK.headers, OK.body)


def test_it_refuses_the_key_for_another_request():
    told()
    other = Request(client="key:ada", key="k-1", hash=b"b")
    with pytest.raises(errors.KeyReused):
        answers.once(other, decide=undecided)


@pytest.mark.parametrize(
    "other",
    [
        Request(client="key:ben", key="k-1", hash=b"b"),
        Request(client="key:ada", key="K-1", hash=b"b"),
        Request(client="key:ada", key="k-1 ", hash=b"b"),
    ],
)
def test_it_tells_clients_and_keys_apart(other):
    told()
    assert not told(request=other).replayed
    assert KeptAnswer.objects.count() == 2


def test_it_takes_back_what_was_appended_when_nothing_is_decided():
    def decide() -> Answer:
        store.append("order-1", [note()], expected_version=0)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        answers.once(FIRST, decide=decide)
    assert store.head() == KeptAnswer.objects.count() == 0


def test_it_tells_at_once_that_the_key_is_running():
    """It neither waits for the first one nor decides."""
    with sessions.opened() as open_session:
        first = open_session()
        first.execute(LOCK, [answers.LOCK_SPACE, answers.lock_number(FIRST)])
        with pytest.raises(errors.KeyInProgress):
            answers.once(FIRST, decide=undecided)
        assert not told(request=Request(client="key:b", key="k-1", hash=b"")).replayed
        first.rollback()
    assert not told().replayed


def test_it_does_not_call_the_running_append_of_another_stream_into_question():
    """Its locks are no floors: what is settled goes on while a key is held."""
    store.append("order-1", [note()], expected_version=0)
    with sessions.opened() as open_session:
        holder = open_session()
        holder.execute(LOCK, [answers.LOCK_SPACE, 0])
        assert len(store.read_settled(after=0, limit=10)) == 1


def test_it_lets_no_second_answer_in_beside_the_lock():
    """The unique key is the last line; what was appended for it goes, too."""

    def decide() -> Answer:
        store.append("order-1", [note()], expected_version=0)
        Beside(lambda: answers._keep(FIRST, OK, "default")).result()
        return OK

    with pytest.raises(errors.KeyInProgress):
        answers.once(FIRST, decide=decide)
    assert (store.head(), KeptAnswer.objects.count()) == (0, 1)


def test_it_works_in_no_transaction_of_somebody_else():
    """What is kept when it returns could be taken back."""
    with pytest.raises(RuntimeError), transaction.atomic():
        told()
    assert KeptAnswer.objects.count() == 0


def test_it_refuses_snapshots_older_than_its_lock():
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_isolation = 'repeatable read'")
        try:
            with pytest.raises(errors.WrongIsolation):
                told()
        finally:
            cursor.execute("RESET default_transaction_isolation")


@pytest.mark.parametrize("hours", [1, 24])
def test_an_answer_that_is_over_counts_as_absent(settings, hours):
    """Also while it is still there; the new answer takes its place."""
    settings.CQRS = configuration.load(
        str(settings.BASE_DIR / "cqrs.yaml"),
        environ={
            "CQRS__COMMAND_SIDE__IDEMPOTENCY__RETENTION_HOURS": str(hours),
        },
    )
    told()
    age(hours * HOUR_S - 60)
    assert answers.once(FIRST, decide=undecided).replayed
    age(60)
    later = Answer(status=409, headers={}, body=b"later")
    other = Request(client="key:ada", key="k-1", hash=b"b")
    assert not told(later, other).replayed
    assert answers.once(other, decide=undecided).body == b"later"
    (row,) = KeptAnswer.objects.all()
    assert (datetime.now(UTC) - row.kept_at).total_seconds() < HOUR_S


def test_it_deletes_what_is_over_and_nothing_else():
    keep(3)
    age(24 * HOUR_S)
    told(request=Request(client="key:ben", key="k-1", hash=b"a"))
    assert answers.delete_expired() == 3
    assert [each.client for each in KeptAnswer.objects.all()] == ["key:ben"]
    assert answers.delete_expired() == 0


@pytest.mark.parametrize("batch", [2, 5, 1000])
def test_it_deletes_in_batches(batch):
    keep(5)
    age(24 * HOUR_S)
    assert answers.delete_expired(batch=batch) == 5
    assert KeptAnswer.objects.count() == 0


def test_it_leaves_the_rest_to_the_next_call_when_its_time_is_over():
    keep(5)
    age(24 * HOUR_S)
    left = []
    while deleted := answers.delete_expired(batch=2, seconds=0):
        left.append((deleted, KeptAnswer.objects.count()))
    assert left == [(2, 3), (2, 1), (1, 0)]


def test_it_waits_for_nobody_who_is_about_to_use_an_answer():
    keep(2)
    age(24 * HOUR_S)
    with sessions.opened() as open_session:
        holder = open_session()
        holder.execute("SELECT FROM eventstore_answer WHERE key = 'k-0' FOR UPDATE")
        assert answers.delete_expired() == 1
    assert [each.key for each in KeptAnswer.objects.all()] == ["k-0"]
