"""Given a projection whose entries live in Redis: nothing is lost, doubled or left."""

from datetime import timedelta

import pytest
import redis
from django.conf import settings
from django.db import transaction

from eventstore import ids
from orders.domain.commands import AddNote, ConfirmOrder
from projections import (
    batch,
    checkpoints,
    control,
    dead_letters,
    errors,
    registry,
    runner,
    status,
)
from projections.in_redis import (
    differences,
    generation,
    latest,
    refilling,
    server,
)
from projections.in_redis.projection import Entry
from projections.models import Checkpoint, DeadLetter, Operation
from tests.integration.projections import accounts, rebuilds
from tests.integration.projections.sales import AT, ask
from tests.unit.orders import builders

pytestmark = pytest.mark.usefixtures("database")

NAME = "customer_timeline"
NOBODY = "redis://127.0.0.1:1/0"
State = Operation.State


@pytest.fixture
def stored():
    """Redis as the tests look at it."""
    return redis.Redis.from_url(settings.REDIS_URL)


@pytest.fixture
def no_redis(settings):
    """Takes Redis away, or gives it back."""
    url = settings.REDIS_URL

    def change(*, away: bool) -> None:
        settings.REDIS_URL = NOBODY if away else url
        server._client.cache_clear()

    yield change
    change(away=False)


@pytest.fixture
def ada():
    """An order of ada's, in her timeline."""
    return order("ada")


def order(customer_id: str):
    id = ids.uuid7()
    ask(id, builders.place(customer_id=customer_id))
    follow()
    return id


def follow() -> None:
    refilling._looked_at = 0.0
    while runner.run_round(worker="tests").advanced:
        pass


def types(customer_id: str = "ada") -> list[str]:
    return [each["type"] for each in latest.of(NAME, customer_id)]


def live() -> Checkpoint:
    return checkpoints.live(NAME)[0]


def stands(stored) -> int:
    prefix = generation._prefix(registry.get(NAME), live())
    return int(stored.hget(prefix, "position 0/1"))


def test_it_moves_entries_and_position_together(ada, stored):
    assert types() == ["OrderPlaced"]
    assert stands(stored) == live().position == 1
    ask(ada, ConfirmOrder(), at=AT + timedelta(hours=1))
    follow()
    assert types() == ["OrderConfirmed", "OrderPlaced"]
    assert stands(stored) == live().position == 2


def test_it_adds_nothing_twice_when_the_commit_fails(ada, stored):
    ask(ada, AddNote(text="1"), AddNote(text="2"), at=AT + timedelta(hours=1))
    with transaction.atomic("read"):
        batch.run_to(registry.get(NAME), live(), 3, epoch=accounts.epoch())
        transaction.set_rollback(True, "read")
    assert (stands(stored), live().position) == (3, 1)
    assert types() == ["NoteAdded", "NoteAdded", "OrderPlaced"]
    follow()
    assert (stands(stored), live().position) == (3, 3)
    assert types() == ["NoteAdded", "NoteAdded", "OrderPlaced"]


@pytest.mark.parametrize("what", ["everything", "the hash", "one list", "an old dump"])
@pytest.mark.parametrize("seen", [False, True])
def test_it_comes_from_the_log_again_whatever_redis_lost(ada, stored, what, seen):
    order("bob")
    prefix = generation._prefix(registry.get(NAME), live())
    match what:
        case "everything":
            stored.flushdb()
        case "the hash":
            stored.delete(prefix)
        case "one list":
            stored.delete(f"{prefix}:ada")
        case "an old dump":
            stored.hset(prefix, "position 0/1", 1)
    if seen:
        with pytest.raises(errors.RowsLost):
            types()
    ask(ada, ConfirmOrder(), at=AT + timedelta(hours=1))
    refilling._looked_at = float("inf")  # the batch itself has to see it
    runner.run_round(worker="tests")
    assert live().generation == 2
    follow()
    assert types() == ["OrderConfirmed", "OrderPlaced"]
    assert types("bob") == ["OrderPlaced"]
    assert live().failures == 0


def test_it_goes_on_when_redis_goes_away_as_the_loss_is_seen(
    ada, stored, no_redis, monkeypatch
):
    stored.flushdb()
    ask(ada, ConfirmOrder(), at=AT + timedelta(hours=1))
    refill = refilling.refill

    def late(projection):
        no_redis(away=True)
        return refill(projection)

    with monkeypatch.context() as changes:
        changes.setattr(refilling, "refill", late)
        refilling._looked_at = float("inf")  # the batch itself has to see it
        runner.run_round(worker="tests")
    assert checkpoints.live("order_summary")[0].position == 2
    no_redis(away=False)
    Checkpoint.objects.update(next_attempt_at=None)
    follow()
    assert types() == ["OrderConfirmed", "OrderPlaced"]


def test_it_is_filled_again_though_nothing_happens(ada, stored):
    stored.flushdb()
    follow()
    assert types() == ["OrderPlaced"]
    assert generation.names(registry.get(NAME)) == {f"{accounts.epoch()}.2"}


def test_it_is_filled_again_once_a_reader_misses_a_list(ada, stored):
    stored.delete(f"{generation._prefix(registry.get(NAME), live())}:ada")
    with pytest.raises(errors.RowsLost):
        types()
    follow()
    assert types() == ["OrderPlaced"]


def test_it_is_not_read_before_it_is_complete(ada, stored, settings):
    for customer in ("bob", "cy", "dee"):
        order(customer)
    stored.flushdb()
    settings.CQRS = accounts.configured_of(NAME, batch_size=1)
    refilling._looked_at = 0.0
    for _ in range(2):
        runner.run_round(worker="tests")
        assert live().position in {2, 3}
        with pytest.raises(errors.BeingFilled):
            types()
    follow()
    assert types("cy") == ["OrderPlaced"]


def test_it_waits_for_a_redis_that_is_away_and_others_go_on(ada, no_redis):
    no_redis(away=True)
    ask(ada, ConfirmOrder(), at=AT + timedelta(hours=1))
    for _ in range(10):
        follow()
    assert (live().position, live().failures) == (1, 0)
    assert checkpoints.live("order_summary")[0].position == 2
    now = status.of(NAME)
    assert now.state != "faulted"
    assert "Redis cannot be used" in now.last_error
    with pytest.raises(errors.RedisAway):
        types()
    no_redis(away=False)
    Checkpoint.objects.update(next_attempt_at=None)
    follow()
    assert types() == ["OrderConfirmed", "OrderPlaced"]
    assert status.of(NAME).last_error == ""


@pytest.fixture
def notes_fail(monkeypatch):
    """Notes fail, until it is called."""
    kind = type(registry.get(NAME))
    entries = kind.entries

    def failing(self, event):
        if event.type == "NoteAdded":
            raise ValueError("no")
        return entries(self, event)

    monkeypatch.setattr(kind, "entries", failing)
    return monkeypatch.undo


def test_it_holds_a_stream_alone_and_adds_it_later(ada, notes_fail):
    ask(ada, AddNote(text="1"), ConfirmOrder(), at=AT + timedelta(hours=1))
    order("ada")
    assert types() == ["OrderPlaced", "OrderPlaced"]
    (letter,) = dead_letters.current()
    assert (letter.projection, letter.version) == (NAME, 2)
    notes_fail()
    assert dead_letters.retry(letter.pk)
    assert types() == ["OrderConfirmed", "NoteAdded", "OrderPlaced", "OrderPlaced"]


def test_it_blames_no_event_for_a_redis_that_is_away(ada, notes_fail, no_redis):
    ask(ada, AddNote(text="1"))
    follow()
    (letter,) = dead_letters.current()
    no_redis(away=True)
    DeadLetter.objects.update(next_attempt_at=AT)
    runner.retry_due([live()], runner.Round())
    (now,) = dead_letters.current()
    assert (now.attempts, now.error) == (letter.attempts, letter.error)


def test_it_tries_held_streams_again_when_it_is_filled_again(ada, notes_fail, stored):
    ask(ada, AddNote(text="1"))
    follow()
    notes_fail()
    stored.flushdb()
    follow()
    assert not dead_letters.current().exists()
    assert types() == ["NoteAdded", "OrderPlaced"]


def test_it_is_rebuilt_beside_the_one_that_is_read(ada, stored):
    stored.zadd(
        f"{generation._prefix(registry.get(NAME), live())}:ada",
        {b"000000000000001 1": 1},
    )
    stored.hset(generation._prefix(registry.get(NAME), live()), "size ada", 2)
    operation = rebuilds.until(rebuilds.begin(NAME, review=True), State.READY)
    found = operation.result["comparison"]["tables"][NAME]
    assert (found["old"], found["new"], found["differing"]) == (1, 1, 1)
    assert found["sample"] == [
        {"key": "ada", "columns": {"positions": ["[1, 1]", "[1]"]}}
    ]
    control.swap(NAME, actor=accounts.ADA, reason="good")
    rebuilds.until(operation, State.FINISHED)
    assert types() == ["OrderPlaced"]
    ask(ada, ConfirmOrder(), at=AT + timedelta(hours=1))
    follow()
    rebuilds.roll_back(NAME)
    assert latest.of(NAME, "ada")[0]["type"] == "OrderConfirmed"
    assert len(latest.of(NAME, "ada")) == 3
    rebuilds.roll_back(NAME)
    control.discard(NAME, actor=accounts.ADA, reason="tests")
    follow()
    assert generation.names(registry.get(NAME)) == {f"{accounts.epoch()}.2"}
    assert len(list(stored.scan_iter("{cqrs:*customer_timeline*"))) == 3


def differing(*lists: range, position: int) -> int:
    """Of two generations whose lists have the entries of these positions."""
    old, new = (
        Checkpoint(projection=NAME, generation=number, epoch=1) for number in (8, 9)
    )
    for checkpoint, positions in zip((old, new), lists, strict=True):
        entries = [
            (each, Entry(key="ada", at=AT + timedelta(seconds=each), shown={}))
            for each in positions
        ]
        generation.add(registry.get(NAME), checkpoint, entries, position=position)
    found = differences.between(
        registry.get(NAME), old=old, new=new, position=position, seconds=10
    )
    return found[NAME]["differing"]


def test_it_compares_what_both_generations_can_have():
    # The old one goes on while they are compared, and drops its oldest entries.
    assert differing(range(1, 112), range(1, 110), position=109) == 0
    assert differing(range(1, 12), range(1, 10), position=9) == 0


def test_it_sees_what_is_missing_in_one():
    assert differing(range(1, 12), range(1, 9), position=9) == 1
    assert differing(range(1, 112), range(2, 120, 2), position=109) == 1


def test_its_rebuild_fails_when_redis_loses_it(ada, stored):
    operation = rebuilds.until(rebuilds.begin(NAME, review=True), State.READY)
    stored.flushdb()
    control.swap(NAME, actor=accounts.ADA, reason="too late")
    operation = rebuilds.until(operation, State.FAILED, State.FINISHED)
    follow()
    assert types() == ["OrderPlaced"]


def test_it_stands_where_it_stood_when_it_is_split(ada, stored):
    for _ in range(2):
        for partitions in (3, 1):
            control.repartition(NAME, partitions, actor=accounts.ADA, reason="tests")
            order("bob")
            assert live().generation == 1
    assert types("bob") == ["OrderPlaced"] * 4
    assert types() == ["OrderPlaced"]


def test_it_folds_all_for_a_rebuild_from_a_time(ada, stored):
    rebuilds.rebuild(NAME, from_timestamp=AT + timedelta(days=1))
    assert types() == ["OrderPlaced"]
    assert rebuilds.roles(NAME) == {"live": 2, "kept": 1}
