"""Given events of orders, then the sums of each day, by currency and country."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta, timezone
from decimal import Decimal
from random import Random
from uuid import UUID

import pytest
from django.db import connections

from cqrs_site import configuration
from eventstore import store
from orders import models
from orders.domain.commands import (
    AddLine,
    CancelOrder,
    ChangeLineQuantity,
    ConfirmOrder,
    ExpireOrder,
    RemoveLine,
)
from orders.projections import sales_daily
from orders.projections.sales_daily import SalesDaily
from projections import checkpoints, control, runner
from projections.models import DeadLetter
from tests import cleaning
from tests.faults import work
from tests.integration.eventstore import sessions
from tests.integration.orders import independent_sales
from tests.integration.projections import accounts, sales
from tests.integration.projections.sales import AT, ask, place_in
from tests.unit.orders import builders

pytestmark = pytest.mark.usefixtures("database")

TOMORROW = AT + timedelta(days=1)
COUNTED = {
    SalesDaily.stream_type.type_of_struct(each).name for each in SalesDaily.reads
}


class Bug(Exception):
    pass


@pytest.fixture
def order(database: None) -> UUID:
    """Ten units at 5.00, placed on the first of March for GB."""
    (id,) = place_in("GB")
    return id


@pytest.fixture
def four_partitions(settings):
    settings.CQRS = configuration.load(
        str(settings.BASE_DIR / "cqrs.yaml"),
        environ={
            "CQRS__QUERY_SIDE__PROJECTIONS__SALES_DAILY__PARTITIONS": "4",
            "CQRS__QUERY_SIDE__PROJECTIONS__SALES_DAILY__BATCH_SIZE": "20",
        },
    )


def day(at=AT, country: str = "GB") -> dict[str, object]:
    """What is not zero of a day's row."""
    sales.catch_up()
    row = models.SalesDaily.objects.get(pk=(at.date(), "EUR", country))
    return {
        name: getattr(row, name)
        for name in independent_sales.COLUMNS
        if getattr(row, name)
    }


def histories(seed: int, orders: int = 60) -> None:
    """Random lives of orders in any order; times that go back and forth over days."""
    random = Random(seed)
    ids = [UUID(int=random.getrandbits(128)) for _ in range(orders)]
    for id in [*ids, *random.choices(ids, k=5 * orders)]:
        append = work.life(random, id)
        if append.events:
            store.append_many([append])


def assert_right() -> None:
    with sessions.opened() as open_session:
        expected = independent_sales.expected(open_session())
        found = independent_sales.actual(open_session(cleaning.read_tables()))
    assert found == expected
    assert len(found) > 20


def test_it_counts_what_is_placed(order):
    placed = {"orders": 1, "lines": 1, "units": 10, "placed": 50}
    assert day() == placed


def test_it_counts_a_change_of_lines_as_a_difference_on_its_day(order):
    more = AddLine(sku="M", name="M", quantity=3, unit_price=Decimal("0.3333"))
    ask(order, more, at=TOMORROW)
    assert day(TOMORROW) == {"lines": 1, "units": 3, "placed": Decimal("0.9999")}
    ask(order, ChangeLineQuantity(line_id=1, quantity=4), at=TOMORROW)
    ask(order, RemoveLine(line_id=2), at=TOMORROW)
    assert day(TOMORROW) == {"units": -6, "placed": -30}
    assert day() == {"orders": 1, "lines": 1, "units": 10, "placed": 50}


@pytest.mark.parametrize("closing", [CancelOrder(reason="r"), ExpireOrder()])
def test_it_counts_all_that_stood_of_an_order_that_will_not_be_sold(order, closing):
    ask(order, ChangeLineQuantity(line_id=1, quantity=8))
    ask(order, closing, at=TOMORROW)
    assert day(TOMORROW) == {"cancelled": 40}


def test_it_counts_cancelled_lines_once(order):
    ask(order, ConfirmOrder(), builders.cancel_lines(line1=3))
    ask(order, CancelOrder(reason="r"), at=TOMORROW)
    assert day()["cancelled"] == 15
    assert day(TOMORROW) == {"cancelled": 35}


def test_it_counts_what_comes_back_on_its_day(order):
    ask(order, ConfirmOrder(), builders.ship(), builders.capture("50.00"))
    ask(order, builders.return_lines(line1=2), builders.refund("9.99"), at=TOMORROW)
    assert day(TOMORROW) == {"returned_units": 2, "refunded": Decimal("9.99")}


def test_it_moves_an_order_to_another_country_with_all_that_it_added(order):
    ask(order, ConfirmOrder(), builders.cancel_lines(line1=1))
    sales.move(order, "PL")
    added = {"orders": 1, "lines": 1, "units": 10, "placed": 50, "cancelled": 5}
    assert day(country="PL") == added
    assert day(country="GB") == {}


def test_it_counts_by_days_of_utc(order):
    (late,) = place_in("GB")
    last = AT.replace(hour=23, minute=59, second=59, microsecond=999_999)
    ask(late, CancelOrder(reason="r"), at=last)
    ask(order, CancelOrder(reason="r"), at=last + timedelta(microseconds=1))
    assert day()["cancelled"] == day(TOMORROW)["cancelled"] == 50


def test_it_tells_from_when_on_a_days_row_may_have_been_added_to():
    since = sales_daily.DAYS.since
    assert since is not None
    midnight = AT.replace(hour=0, minute=0, second=0, microsecond=0)
    assert since(AT) == since(midnight) == midnight
    assert since(midnight - timedelta(microseconds=1)) == midnight - timedelta(days=1)
    late_elsewhere = midnight.astimezone(timezone(timedelta(hours=-5)))
    assert since(late_elsewhere) == midnight


@pytest.mark.parametrize("seed", [1, 2])
def test_it_equals_an_independent_computation(seed):
    histories(seed)
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT DISTINCT type FROM eventstore_event")
        assert {type for (type,) in cursor.fetchall()} >= COUNTED
    sales.catch_up()
    assert_right()


def test_it_does_so_with_four_partitions_at_once(four_partitions):
    histories(4, orders=150)
    checkpoints.runnable()  # makes the first checkpoints

    def follow(number: int) -> None:
        try:
            while runner.run_round(worker=str(number)).advanced:
                pass
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(follow, range(4)))
    sales.catch_up()
    found = checkpoints.live(sales.NAME)
    assert [bool(each.events_folded) for each in found] == [True] * 4
    assert {each.position for each in found} == {store.head()}
    assert not any(each.failures for each in found)
    assert_right()


def test_it_does_so_after_streams_have_failed_and_were_retried(
    four_partitions, monkeypatch
):
    fold = SalesDaily.fold

    def failing(self, rows, event):
        fold(self, rows, event)
        if event.version > 3 and event.event_id.int % 5 == 0:
            raise Bug(event.type)

    monkeypatch.setattr(SalesDaily, "fold", failing)
    histories(5)
    sales.catch_up()
    held = list(DeadLetter.objects.filter(projection=sales.NAME))
    assert len(held) > 10
    monkeypatch.undo()
    for each in held:
        assert control.retry(each.pk, actor=accounts.ADA, reason="mended") is True
    assert_right()
