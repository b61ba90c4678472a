"""Many commands at once: few statements, and each for itself."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction

from cqrs_site import configuration
from eventstore import bulk, commands, errors, models, store, tokens
from eventstore.bulk import Ask
from eventstore.commands import Context, Outcome
from orders.domain.commands import AddNote, ConfirmOrder
from orders.domain.errors import NotAllowedInStatus, OrderExists
from orders.streams import ORDER
from tests.integration.eventstore import clients, sessions
from tests.unit.orders.builders import capture, place, ship

pytestmark = pytest.mark.usefixtures("database")

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ASKED = Context(actor="tests", source="test", request_id="r-1", traceparent="t-1")


def handle(*asks: tuple[UUID, object]) -> list[Outcome | Exception]:
    asked = [Ask(stream_id=id, command=command) for id, command in asks]
    return bulk.handle(ORDER, asked, at=AT, context=ASKED)


def ids(count: int) -> list[UUID]:
    return [uuid4() for _ in range(count)]


def statements(work) -> list[str]:
    seen = []

    def see(execute, sql, *rest):
        seen.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(see):
        work()
    return seen


def first_before_append(work):
    """Does `work` once, just before the first append that is seen."""
    left = [work]

    def see(execute, sql, *rest):
        if "INSERT INTO eventstore_event" in sql and left:
            left.pop()()
        return execute(sql, *rest)

    return connection.execute_wrapper(see)


def test_it_answers_each_command_in_its_place_as_alone():
    confirmed, new, other = ids(3)
    handle((confirmed, place()), (confirmed, ConfirmOrder()))
    found = handle(
        (new, place(customer_id="c-2")),
        (confirmed, ConfirmOrder()),
        (confirmed, AddNote(text="a")),
        (other, place()),
    )
    assert isinstance(found[1], NotAllowedInStatus)
    for place_, id, version in ((0, new, 1), (2, confirmed, 3), (3, other, 1)):
        outcome = found[place_]
        stored = store.read_stream(f"order-{id}")[-1]
        assert outcome.events[0].envelope() == stored.envelope()
        assert (outcome.stream, outcome.version) == (f"order-{id}", version)
        assert outcome.position == stored.position
        token = tokens.parse(outcome.consistency_token)
        assert (token.stream, token.version) == (outcome.stream, version)
        assert token.position == stored.position


def test_it_gives_each_command_an_id_and_metadata_of_its_own():
    one, two = ids(2)
    handle((one, place(customer_id="c-1")), (two, place(customer_id="c-2")))
    (first,), (second,) = (store.read_stream(f"order-{id}") for id in (one, two))
    assert first.metadata.pop("command_id") != second.metadata.pop("command_id")
    assert (first.metadata.pop("customer_id"), second.metadata.pop("customer_id")) == (
        "c-1",
        "c-2",
    )
    assert first.metadata == second.metadata
    assert first.metadata["actor"] == "tests"
    assert first.metadata["correlation_id"] == "r-1"
    with pytest.raises(ValueError, match="id of its own"):
        bulk.handle(ORDER, [], at=AT, context=Context(actor="t", command_id="c"))


def test_it_decides_commands_of_one_stream_one_upon_the_other():
    id = uuid4()
    found = handle(
        (id, place()),
        (id, capture("50.00", reference="r-1")),
        (id, place()),
        (id, capture("0.01", reference="r-2")),
        (id, ConfirmOrder()),
    )
    assert [type(each).__name__ for each in found] == [
        "Outcome",
        "Outcome",
        "OrderExists",
        "OverCapture",
        "Outcome",
    ]
    stored = store.read_stream(f"order-{id}")
    assert [each.type for each in stored] == [
        "OrderPlaced",
        "PaymentCaptured",
        "OrderConfirmed",
    ]
    assert found[-1].version == 3


def test_it_needs_as_many_statements_for_200_commands_as_for_two():
    there = ids(100)
    handle(*((id, place()) for id in there))

    def mixed(count: int):
        half = [(id, place()) for id in ids(count // 2)]
        return half + [(id, AddNote(text="a")) for id in there[: count // 2]]

    few = statements(lambda: handle(*mixed(2)))
    many = statements(lambda: handle(*mixed(200)))
    assert len(many) == len(few) < 10


def test_it_decides_again_where_another_writer_was_there_before():
    """Its version is another one than that which was loaded: the others are stored."""
    a, m, z = ids(3)
    handle((m, place()))
    with (
        sessions.opened() as open_session,
        first_before_append(
            lambda: open_session(autocommit=True).append(f"order-{m}", 2)
        ),
    ):
        found = handle((a, place()), (m, AddNote(text="b")), (z, place()))
    assert [each.version for each in found] == [1, 3, 1]
    assert [store.version_of(f"order-{id}") for id in (a, m, z)] == [1, 3, 1]


def test_it_decides_again_what_it_refused_in_a_stream_that_has_changed():
    """The other writer confirms the order: now it can be shipped."""
    id = uuid4()
    handle((id, place()))

    def confirm():
        clients.Beside(lambda: handle((id, ConfirmOrder()))).result()

    with first_before_append(confirm):
        note, shipped = handle((id, AddNote(text="a")), (id, ship()))
    assert (note.version, shipped.version) == (3, 4)


def test_it_decides_again_where_another_writer_commits_meanwhile(watcher, open_session):
    """Seen only when the other writer commits: nothing was stored the first time."""
    a, m, z = sorted(ids(3))
    handle((m, place()))
    writer = open_session()
    writer.append(f"order-{m}", 2)
    rival = clients.Beside(
        lambda: handle((z, place()), (m, AddNote(text="b")), (a, place()))
    )
    sessions.wait_for_lock(watcher, rival.pid)
    writer.commit()
    assert [each.version for each in rival.result()] == [1, 3, 1]
    assert [store.version_of(f"order-{id}") for id in (a, m, z)] == [1, 3, 1]


def test_it_stores_the_others_where_a_stream_is_lost_again_and_again(settings):
    """Also when the lost stream's conflict takes the whole append along."""
    settings.CQRS = configuration.load(
        str(settings.BASE_DIR / "cqrs.yaml"),
        environ={"CQRS__COMMAND_SIDE__VALIDATION__RETRY_ATTEMPTS": "0"},
    )
    lost, *others = ids(4)

    def refuse(execute, sql, parameters, *rest):
        done = execute(sql, parameters, *rest)
        streams = [each for each in parameters or () if isinstance(each, list)]
        is_append = "INSERT INTO eventstore_event" in sql
        if is_append and any(f"order-{lost}" in each for each in streams):
            execute("DO $$ BEGIN RAISE SQLSTATE '40P01'; END $$", None, *rest)
        return done

    with connection.execute_wrapper(refuse):
        found = handle((lost, place()), *((id, place()) for id in others))
    assert isinstance(found[0], errors.VersionConflict)
    assert all(isinstance(each, Outcome) for each in found[1:])
    assert store.version_of(f"order-{lost}") == 0
    assert [store.version_of(f"order-{id}") for id in others] == [1, 1, 1]


def test_it_stores_once_for_clients_that_send_the_same():
    there = ids(20)

    def client(n: int) -> list[Outcome | Exception]:
        mine = there if n % 2 else list(reversed(there))
        return handle(*((id, place()) for id in mine))

    answers = clients.together(6, client)
    assert not [each for each in answers if isinstance(each, Exception)]
    found = [each for answer in answers for each in answer]
    placed = {each.stream for each in found if isinstance(each, Outcome)}
    assert placed == {f"order-{id}" for id in there}
    assert len([each for each in found if isinstance(each, OrderExists)]) == 5 * 20
    assert [store.version_of(f"order-{id}") for id in there] == [1] * 20


def test_it_is_undone_as_a_whole_with_the_callers_transaction():
    id = uuid4()

    def fail():
        with transaction.atomic():
            handle((id, place()))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert store.version_of(f"order-{id}") == 0


def test_it_stores_nothing_when_it_fails_on_the_way():
    """Nobody is told what became of whom then."""
    a, m = ids(2)
    handle((m, place()))
    appends = []

    def breaks(execute, sql, *rest):
        if "INSERT INTO eventstore_event" in sql:
            appends.append(sql)
            if len(appends) == 2:
                raise ZeroDivisionError
            with sessions.opened() as open_session:
                open_session(autocommit=True).append(f"order-{m}", 2)
        return execute(sql, *rest)

    with pytest.raises(ZeroDivisionError), connection.execute_wrapper(breaks):
        handle((a, place()), (m, AddNote(text="b")))
    assert store.version_of(f"order-{a}") == 0


def test_it_refuses_a_transaction_that_could_not_see_a_winner():
    with transaction.atomic():
        connection.cursor().execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        with pytest.raises(errors.WrongIsolation):
            handle((uuid4(), place()))
        transaction.set_rollback(True)


def test_it_tries_without_storing():
    there, new = ids(2)
    handle((there, place()))
    asks = [(there, place()), (new, place()), (new, ConfirmOrder()), (new, place())]
    asked = [Ask(stream_id=id, command=command) for id, command in asks]
    exists, placed, confirmed, again = bulk.preview(ORDER, asked, at=AT)
    assert isinstance(exists, OrderExists)
    assert (placed, confirmed) == (["OrderPlaced"], ["OrderConfirmed"])
    assert isinstance(again, OrderExists)
    assert store.version_of(f"order-{new}") == 0


@pytest.mark.parametrize("enabled", ["true", "false"])
def test_it_folds_long_streams_from_their_snapshots_and_makes_them(settings, enabled):
    settings.CQRS = configuration.load(
        str(settings.BASE_DIR / "cqrs.yaml"),
        environ={
            "CQRS__COMMAND_SIDE__SNAPSHOT__FREQUENCY": "3",
            "CQRS__COMMAND_SIDE__SNAPSHOT__ENABLED": enabled,
        },
    )
    id = uuid4()
    handle((id, place()), (id, capture("30.00")))
    for _ in range(4):
        assert isinstance(handle((id, AddNote(text="a")))[0], Outcome)
    over, captured = handle(
        (id, capture("20.01", reference="b")), (id, capture("20.00", reference="b"))
    )
    assert (over.captured, captured.version) == (30, 7)
    kept = models.Snapshot.objects.filter(stream=f"order-{id}")
    assert [each.version >= 3 for each in kept] == ([True] if enabled == "true" else [])
    assert commands.load(ORDER, id).state.captured == 50
