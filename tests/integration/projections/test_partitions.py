"""Partitions by stream: the same rows as one, each with a checkpoint of its own."""

import uuid

import pytest

from cqrs_site import configuration
from eventstore import commands, store
from orders import models
from orders.domain.commands import AddNote, ConfirmOrder
from orders.streams import ORDER
from projections import batch, checkpoints, consistency, runner
from projections.models import Checkpoint
from tests.integration.projections import accounts, rebuilds
from tests.unit.orders.builders import capture, place, ship

pytestmark = pytest.mark.usefixtures("database")

# What this returned when the first log was partitioned: a row's owner is for ever.
BUCKETS = {
    ("order-0190a5ee-7b1c-7000-8000-000000000001", 2): 0,
    ("order-0190a5ee-7b1c-7000-8000-000000000001", 7): 6,
    ("order-0190a5ee-7b1c-7000-8000-000000000001", 256): 206,
    ("order-0190a5ee-7b1c-7000-8000-000000000002", 2): 1,
    ("order-0190a5ee-7b1c-7000-8000-000000000002", 7): 6,
    ("order-0190a5ee-7b1c-7000-8000-000000000002", 256): 83,
    ("account-ü", 2): 0,
    ("account-ü", 7): 6,
    ("account-ü", 256): 72,
}


@pytest.mark.parametrize(("key", "bucket"), BUCKETS.items(), ids=str)
def test_it_never_changes_the_bucket_of_a_stream(key, bucket):
    stream, partitions = key
    assert batch.bucket(stream, partitions) == bucket


def test_it_spreads_ids_that_follow_on_each_other():
    ids = [f"order-0190a5ee-7b1c-7000-8000-{n:012d}" for n in range(4000)]
    counts = [0] * 8
    for each in ids:
        counts[batch.bucket(each, 8)] += 1
    assert all(400 < each < 600 for each in counts)
    assert {batch.bucket(each, 1) for each in ids} == {0}


@pytest.fixture
def two_partitions(settings):
    prefix = "CQRS__QUERY_SIDE__PROJECTIONS__"
    names = ("ORDER_SUMMARY", "ORDER_DETAIL", "LOYALTY_BALANCE")
    settings.CQRS = configuration.load(
        str(settings.BASE_DIR / "cqrs.yaml"),
        environ={f"{prefix}{name}__PARTITIONS": "2" for name in names},
    )


def history() -> None:
    context = commands.Context(actor="tests")
    for _ in range(12):
        id = uuid.uuid4()
        for command in (place(), ConfirmOrder(), ship(), capture("20.00")):
            commands.handle(ORDER, id, command, at=accounts.AT, context=context)
        commands.handle(ORDER, id, AddNote(text="x"), at=accounts.AT, context=context)


def rows() -> list[list[tuple]]:
    tables = (models.OrderSummary, models.OrderDetail)
    return [sorted(each.objects.values_list(), key=str) for each in tables]


def catch_up() -> None:
    while runner.run_round(worker="tests").advanced:
        pass


def test_it_gives_the_same_rows_as_one_partition(request):
    history()
    catch_up()
    whole = rows()
    assert len(whole[0]) == len(whole[1]) == 12
    request.getfixturevalue("two_partitions")
    for name in ("order_summary", "order_detail"):
        rebuilds.rebuild(name)
    assert rows() == whole
    split = checkpoints.live("order_summary")
    assert [(each.partition, each.partitions) for each in split] == [(0, 2), (1, 2)]
    assert {each.position for each in split} == {store.head()}
    assert all(each.events_folded for each in split)
    assert sum(each.events_folded for each in split) == 60


def test_it_takes_idle_partitions_along(two_partitions):
    """Else the lowest one, where lists stand, would never move."""
    accounts.open_account()
    catch_up()
    partitions = checkpoints.live(accounts.NAME)
    assert {each.position for each in partitions} == {store.head()}
    assert sorted(each.events_folded for each in partitions) == [0, 1]
    assert consistency.position(accounts.NAME) == store.head()


def test_it_lets_one_partition_go_on_while_another_is_behind(two_partitions):
    ids = {batch.bucket(f"account-{n}", 2): str(n) for n in range(20)}
    for id in ids.values():
        accounts.open_account(id)
    catch_up()
    held = accounts.checkpoint(0)
    Checkpoint.objects.filter(pk=held.pk).update(state=Checkpoint.State.PAUSED)
    for id in ids.values():
        accounts.earn(5, id=id)
    catch_up()
    assert [accounts.points(ids[each]) for each in (0, 1)] == [0, 5]
    positions = [
        consistency.position(accounts.NAME, stream=f"account-{ids[each]}")
        for each in (0, 1)
    ]
    assert positions == [held.position, store.head()]
    assert consistency.position(accounts.NAME) == held.position


def test_it_needs_several_rounds_for_more_than_a_batch(settings):
    settings.CQRS = configuration.load(
        str(settings.BASE_DIR / "cqrs.yaml"),
        environ={"CQRS__QUERY_SIDE__PROJECTIONS__LOYALTY_BALANCE__BATCH_SIZE": "10"},
    )
    accounts.open_account()
    accounts.earn_many(34)
    catch_up()
    assert accounts.points() == 34
    assert accounts.checkpoint().position == store.head()
    assert accounts.checkpoint().events_folded == 35
