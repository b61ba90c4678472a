"""The number of statements of a batch does not grow with the batch."""

from uuid import uuid4

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from eventstore import commands, store
from orders.projections.order_detail import OrderDetail
from orders.projections.order_summary import OrderSummary
from orders.streams import ORDER
from projections import batch, checkpoints, registry
from projections.batch import Outcome
from tests.integration.projections import accounts
from tests.integration.projections.sales import place_in
from tests.unit.orders.builders import place

pytestmark = pytest.mark.usefixtures("database")

EXPECTED = [
    "BEGIN",
    "SELECT position",  # the lease
    "SELECT rows",
    "INSERT",
    "UPDATE",  # the checkpoint
    "COMMIT",
]


def advance(name: str, *, at_most: int = 10_000) -> list[str]:
    """The statements that a batch of at most so many events takes."""
    checkpoints.runnable()  # makes the first checkpoints
    (checkpoint,) = checkpoints.live(name)
    limit = at_most + (1 if checkpoint.position else 0)
    window = store.read_settled_from(
        position=checkpoint.position, limit=limit, up_to=store.head()
    )
    projection = registry.get(name)
    with CaptureQueriesContext(connections["read"]) as captured:
        done = batch.advance(projection, checkpoint, window, epoch=1, worker="tests")
    assert done.outcome is Outcome.ADVANCED
    return [_kind(each["sql"]) for each in captured.captured_queries]


@pytest.mark.parametrize("count", [1, 500])
def test_it_needs_the_same_statements_for_any_number_of_events(count):
    accounts.open_account()
    accounts.earn_many(count)
    assert advance(accounts.NAME) == EXPECTED
    assert accounts.points() == count


@pytest.mark.parametrize("projection", [OrderSummary, OrderDetail])
@pytest.mark.parametrize("count", [1, 60])
def test_it_needs_the_same_statements_for_any_number_of_orders(count, projection):
    context = commands.Context(actor="tests")
    for _ in range(count):
        commands.handle(ORDER, uuid4(), place(), at=accounts.AT, context=context)
    # After the commit: what is copied.
    copied = ["SELECT rows"] if projection.copies else []
    assert advance(projection.name) == [*EXPECTED, *copied]
    assert projection.tables[0].model.objects.count() == count


@pytest.mark.parametrize("count", [1, 60])
def test_it_needs_one_more_for_a_table_that_orders_share(count):
    place_in(*(["GB", "PL", "FR"] * 20)[:count])
    assert advance("sales_daily") == [*EXPECTED[:4], "INSERT", *EXPECTED[4:]]


def test_it_would_need_more_if_each_event_were_a_batch():
    accounts.open_account()
    accounts.earn_many(9)
    made = [each for _ in range(10) for each in advance(accounts.NAME, at_most=1)]
    assert made == EXPECTED * 10
    assert accounts.points() == 9


def test_it_moves_the_checkpoint_alone_for_events_of_others():
    accounts.open_account()
    lease, move = EXPECTED[:2], EXPECTED[-2:]
    assert advance("order_summary") == lease + move


def _kind(sql: str) -> str:
    words = sql.split()
    if words[0] == "SELECT":
        return "SELECT position" if words[1] == "position," else "SELECT rows"
    return words[0]
