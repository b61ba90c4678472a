"""Snapshots: a long stream is folded from one, and the state is the same."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from random import Random
from uuid import UUID, uuid4

import pytest
from django.db import connections, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from eventstore import commands, errors, events, snapshots, store
from eventstore.commands import Context
from eventstore.models import Snapshot
from orders.domain.commands import AddNote
from orders.streams import ORDER
from tests.integration.eventstore import clients, notes
from tests.loyalty import domain
from tests.loyalty.streams import ACCOUNT
from tests.unit.orders.builders import place
from tests.unit.orders.order_life import OrderLife

pytestmark = pytest.mark.usefixtures("database")

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
FREQUENCY = 5


@pytest.fixture(autouse=True)
def every_five_events(settings, database):
    _configure(settings, frequency=FREQUENCY)


def _configure(settings, **values):
    snapshot = settings.CQRS.command_side.snapshot.model_copy(update=values)
    command_side = settings.CQRS.command_side.model_copy(update={"snapshot": snapshot})
    settings.CQRS = settings.CQRS.model_copy(update={"command_side": command_side})


def handle(id, command, *, stream_type=ORDER):
    return commands.handle(
        stream_type, id, command, at=AT, context=Context(actor="tests")
    )


def order(*, version: int) -> UUID:
    """A new order that commands have brought to a version."""
    id = uuid4()
    handle(id, place())
    for number in range(2, version + 1):
        handle(id, AddNote(text=f"note {number}"))
    return id


def folded(id: UUID):
    """The state by the events alone."""
    recorded = store.read_stream(f"order-{id}")
    return ORDER.fold(None, [(each.data, each.occurred_at) for each in recorded])


def counting() -> tuple:
    """Orders, and the list that has each event they fold."""
    seen: list = []

    def evolve(state, event, *, at):
        seen.append(event)
        return ORDER.evolve(state, event, at=at)

    return replace(ORDER, evolve=evolve), seen


@contextmanager
def statements() -> Iterator[list[str]]:
    said: list[str] = []
    with CaptureQueriesContext(connections["default"]) as captured:
        yield said
    said += [each["sql"] for each in captured.captured_queries]


def test_it_folds_at_most_as_many_events_as_configured_at_every_version():
    id = order(version=1)
    for version in range(2, 31):
        handle(id, AddNote(text=str(version)))
        orders, seen = counting()
        loaded = commands.load(orders, id)
        assert len(seen) <= FREQUENCY
        assert loaded.version - loaded.snapshot == len(seen)
        assert loaded.version == version
        assert loaded.state == folded(id)
        assert (loaded.snapshot > 0) == (version > FREQUENCY)


@hypothesis_settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(seed=st.integers(0, 2**32), length=st.integers(1, 40))
def test_it_folds_any_life_from_a_snapshot_as_from_the_beginning(seed, length):
    life = OrderLife(seed)
    for _ in range(length):
        life.step()
    id, random, kept, state = uuid4(), Random(seed), 0, None
    for version, (event, at) in enumerate(life.log, start=1):
        state = ORDER.evolve(state, event, at=at)
        new = events.new(event, occurred_at=at, metadata={})
        store.append(f"order-{id}", [new], expected_version=version - 1)
        loaded = commands.load(ORDER, id)
        used = kept if version > FREQUENCY else 0
        assert (loaded.version, loaded.snapshot) == (version, used)
        assert loaded.state == state
        if random.random() < 0.3:
            snapshots.keep(ORDER, loaded.state, at=loaded.event, keys=loaded.keys)
            kept = version


def test_it_reads_no_snapshot_of_a_stream_of_as_many_events_as_configured():
    id = order(version=FREQUENCY)
    with statements() as said:
        assert commands.load(ORDER, id).version == FREQUENCY
    assert len(said) == 1
    assert "snapshot" not in said[0]


def test_it_reads_a_long_stream_in_two_statements():
    id = order(version=4 * FREQUENCY)
    with statements() as said:
        assert commands.load(ORDER, id).snapshot
    assert len(said) == 2


@pytest.mark.parametrize("frequency", [1, 3, 7, 100])
def test_it_folds_right_when_it_was_configured_otherwise(frequency, settings):
    id = order(version=24)
    for version in range(24, 31):
        _configure(settings, frequency=frequency)
        assert commands.load(ORDER, id).state == folded(id)
        handle(id, AddNote(text="a"))
        loaded = commands.load(ORDER, id)
        assert (loaded.version, loaded.state) == (version + 1, folded(id))
        assert loaded.version - loaded.snapshot <= frequency


def test_it_folds_from_a_snapshot_that_is_made_while_it_reads(monkeypatch, caplog):
    id = order(version=12)
    newest = snapshots._newest

    def and_meanwhile_others_write(stream, limit):
        read = newest(stream, limit)
        monkeypatch.undo()
        for _ in range(2 * FREQUENCY):
            handle(id, AddNote(text="a"))
        return read

    monkeypatch.setattr(snapshots, "_newest", and_meanwhile_others_write)
    loaded = commands.load(ORDER, id)
    assert loaded.snapshot > 12
    assert loaded.state == folded(id)
    assert not caplog.records


def test_it_writes_none_for_a_stream_of_as_many_events_as_configured():
    order(version=FREQUENCY)
    assert not Snapshot.objects.exists()
    order(version=FREQUENCY + 1)
    assert Snapshot.objects.get().version == FREQUENCY


def test_it_keeps_one_snapshot_of_a_stream():
    order(version=40)
    assert Snapshot.objects.get().version >= 40 - FREQUENCY


def test_it_never_puts_an_older_snapshot_in_place_of_a_newer():
    id = order(version=7)
    early = commands.load(ORDER, id)
    handle(id, AddNote(text="a"))
    late = commands.load(ORDER, id)
    snapshots.keep(ORDER, late.state, at=late.event, keys=late.keys)
    snapshots.keep(ORDER, early.state, at=early.event, keys=early.keys)
    assert commands.load(ORDER, id).snapshot == late.version


def test_it_makes_one_for_a_stream_that_was_appended_without_commands():
    """An import, a lost write, a time when snapshots were off."""
    id = order(version=1)
    of_customer = {"customer_id": place().customer_id}
    new = [
        replace(notes.note(str(number)), metadata=of_customer) for number in range(30)
    ]
    store.append(f"order-{id}", new, expected_version=1)
    assert commands.load(ORDER, id).snapshot == 0
    handle(id, AddNote(text="a"))
    assert commands.load(ORDER, id).snapshot == 31


def lie(id: UUID, **changes) -> None:
    """Changes the snapshot of an order behind everybody's back."""
    assert Snapshot.objects.filter(stream=f"order-{id}").update(**changes) == 1


UNUSABLE = {
    "no JSON": {"state": b"\xff\x00"},
    "cut off": {"state": b'{"version":10,"customer_id":"c'},
    "another struct": {"state": b'{"owner":"a"}'},
    "ahead of the stream": {"version": 5000},
    "another event": {"event_id": UUID(int=1)},
    "the same event id on another history": {"recorded_at": AT},
    "an earlier version": {"version": 2},
}


@pytest.mark.parametrize("changes", UNUSABLE.values(), ids=UNUSABLE.keys())
def test_it_ignores_drops_and_replaces_what_is_wrong(changes, caplog):
    id = order(version=12)
    assert commands.load(ORDER, id).snapshot
    lie(id, **changes)
    for _ in range(2):
        loaded = commands.load(ORDER, id)
        assert (loaded.version, loaded.snapshot) == (12, 0)
        assert loaded.state == folded(id)
    assert [each.name for each in caplog.records] == ["eventstore.snapshots"]
    assert not Snapshot.objects.exists()
    handle(id, AddNote(text="a"))
    assert commands.load(ORDER, id).snapshot == 12
    assert commands.load(ORDER, id).state == folded(id)


NEWER_CODE = {
    "evolve": replace(ORDER, state_version=2),
    "events": replace(ORDER, events=[*ORDER.events, *ACCOUNT.events]),
}


@pytest.mark.parametrize("newer", NEWER_CODE.values(), ids=NEWER_CODE.keys())
def test_it_ignores_what_other_code_made(newer):
    id = order(version=12)
    assert commands.load(newer, id).snapshot == 0
    handle(id, AddNote(text="a"), stream_type=newer)
    assert commands.load(newer, id).snapshot == 12
    # While a deployment is under way both have one.
    assert commands.load(ORDER, id).snapshot == 10


def test_it_drops_what_other_code_made_an_hour_ago():
    id = order(version=12)
    lie(id, created_at=AT)
    handle(id, AddNote(text="a"), stream_type=NEWER_CODE["evolve"])
    assert Snapshot.objects.get().fingerprint.startswith("2.")


def test_it_uses_none_for_an_earlier_version():
    id = order(version=12)
    orders, seen = counting()
    assert commands.load(orders, id, at_version=11).state.version == 11
    assert len(seen) == 11


def test_it_neither_reads_nor_writes_any_where_they_are_off(settings):
    id = order(version=12)
    _configure(settings, enabled=False)
    Snapshot.objects.all().delete()
    with statements() as said:
        handle(id, AddNote(text="a"))
        assert commands.load(ORDER, id).snapshot == 0
    assert not [sql for sql in said if "snapshot" in sql]


def test_it_leaves_stream_types_alone_that_declare_no_state():
    handle("1", domain.OpenAccount(owner="a"), stream_type=ACCOUNT)
    with statements() as said:
        for _ in range(12):
            handle("1", domain.EarnPoints(points=1), stream_type=ACCOUNT)
    assert commands.load(ACCOUNT, "1").state.points == 12
    assert not [sql for sql in said if "snapshot" in sql]


def test_it_folds_right_while_many_write_one_stream(caplog):
    id = order(version=1)

    def client(number: int) -> int:
        accepted = 0
        for turn in range(8):
            try:
                handle(id, AddNote(text=f"{number}.{turn}"))
            except errors.VersionConflict:
                continue
            accepted += 1
            loaded = commands.load(ORDER, id)
            assert loaded.state.version == loaded.version
            assert len(loaded.state.notes) == loaded.version - 1
        return accepted

    accepted = clients.together(6, client)
    assert commands.load(ORDER, id).version == 1 + sum(accepted)
    assert commands.load(ORDER, id).snapshot
    assert commands.load(ORDER, id).state == folded(id)
    assert not caplog.records


@contextmanager
def refused_snapshots() -> Iterator[None]:
    """The database takes no snapshot."""
    alter = "ALTER TABLE eventstore_snapshot"
    with connections["default"].cursor() as cursor:
        cursor.execute(f"{alter} ADD CONSTRAINT broken CHECK (version < 0)")
        try:
            yield
        finally:
            cursor.execute(f"{alter} DROP CONSTRAINT broken")


@pytest.mark.parametrize("in_transaction", [False, True])
def test_it_accepts_the_command_when_the_snapshot_fails(in_transaction, caplog):
    id = order(version=FREQUENCY)
    with refused_snapshots():
        if in_transaction:
            with transaction.atomic():
                handle(id, AddNote(text="a"))
        else:
            handle(id, AddNote(text="a"))
    assert store.version_of(f"order-{id}") == FREQUENCY + 1
    assert "not written: IntegrityError 23514" in caplog.text
    assert "Failing row" not in caplog.text
    handle(id, AddNote(text="b"))
    assert commands.load(ORDER, id).snapshot == FREQUENCY + 1


class Unwritable:
    owner = "a"


def test_it_accepts_the_command_when_its_state_cannot_be_written(caplog):
    odd = replace(
        ACCOUNT, evolve=lambda account, event, *, at: Unwritable(), state=domain.Account
    )
    handle("1", domain.OpenAccount(owner="a"), stream_type=odd)
    for _ in range(FREQUENCY):
        handle("1", domain.EarnPoints(points=1), stream_type=odd)
    assert commands.load(odd, "1").version == 1 + FREQUENCY
    assert "Unwritable" in caplog.text


def test_it_writes_none_for_a_transaction_that_is_rolled_back():
    id = order(version=FREQUENCY)
    with transaction.atomic():
        handle(id, AddNote(text="a"))
        handle(id, AddNote(text="b"))
        transaction.set_rollback(True)
    assert not Snapshot.objects.exists()
    assert commands.load(ORDER, id).version == FREQUENCY
