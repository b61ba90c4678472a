"""Given events of orders, then how far they got, and how long it took."""

from datetime import date, timedelta
from decimal import Decimal
from statistics import median

import pytest
from django.db import connections

from cqrs_site import configuration
from orders import models, reports
from orders.domain.commands import (
    AddLine,
    CancelOrder,
    ConfirmOrder,
    ExpireOrder,
)
from orders.projections.sales_funnel import SalesFunnel
from projections import checkpoints, control
from projections.models import DeadLetter
from tests import cleaning
from tests.integration.eventstore import sessions
from tests.integration.orders import independent_funnel
from tests.integration.orders.reading import project
from tests.integration.orders.shop import assert_problem
from tests.integration.orders.test_sales_daily import Bug, histories
from tests.integration.projections import accounts, rebuilds
from tests.integration.projections.sales import AT, ask, place_in
from tests.unit.orders import builders

pytestmark = pytest.mark.usefixtures("database")

NAME = "sales_funnel"
FUNNEL = "/api/v1/queries/sales/funnel"
DAY = {"from": "2026-03-01", "to": "2026-03-01"}
YEAR = (date(2026, 1, 1), date(2026, 12, 31))


@pytest.fixture
def order(database):
    """Ten units at 5.00, placed on the first of March."""
    (id,) = place_in("GB")
    return id


@pytest.fixture
def four_partitions(settings):
    settings.CQRS = configuration.load(
        str(settings.BASE_DIR / "cqrs.yaml"),
        environ={
            "CQRS__QUERY_SIDE__PROJECTIONS__SALES_FUNNEL__PARTITIONS": "4",
            "CQRS__QUERY_SIDE__PROJECTIONS__SALES_FUNNEL__BATCH_SIZE": "20",
        },
    )


def reached(order):
    """State -> hours after the first of March, noon."""
    project()
    row = models.OrderMilestones.objects.get(pk=order)
    times = {name: getattr(row, f"{name}_at") for name in reports.REACHED}
    return {name: (at - AT) / timedelta(hours=1) for name, at in times.items() if at}


def after(hours):
    return AT + timedelta(hours=hours)


def live(seed, *, orders):
    """Random histories, and orders that go the whole way, which chance rarely does."""
    histories(seed, orders=orders)
    for days in range(3):
        (id,) = place_in("GB")
        ask(id, ConfirmOrder(), builders.capture("50.00"), at=after(24 * days + 1))
        ask(id, builders.ship(), builders.deliver(), at=after(24 * days + 2))
        ask(id, builders.return_lines(line1=10), at=after(24 * days + 3))


def assert_right():
    with sessions.opened() as open_session:
        expected = independent_funnel.expected(open_session())
        found = independent_funnel.actual(open_session(cleaning.read_tables()))
    assert found == expected
    for state in independent_funnel.STATES:
        assert any(each[state] for each in found.values()), f"nothing was {state}"


def test_it_notes_when_each_state_was_reached(order):
    ask(order, ConfirmOrder(), at=after(1))
    ask(order, builders.capture("50.00"), at=after(2))
    ask(order, builders.ship(), at=after(3))
    ask(order, builders.deliver(), at=after(4))
    ask(order, builders.return_lines(line1=10), at=after(5))
    found = reached(order)
    assert found == {
        "placed": 0,
        "confirmed": 1,
        "paid": 2,
        "shipped": 3,
        "delivered": 4,
        "completed": 4,
        "returned": 5,
    }


def test_it_takes_a_part_for_nothing(order):
    ask(order, ConfirmOrder(), builders.capture("45.00"), at=after(1))
    ask(
        order,
        builders.ship(builders.units(line1=9)),
        builders.return_lines(line1=9),
        at=after(2),
    )
    ask(order, builders.deliver(), at=after(2))
    assert set(reached(order)) == {"placed", "confirmed"}
    # Nothing is left to pay, send or bring then, and all of it came back.
    ask(order, builders.cancel_lines(line1=1), at=after(3))
    assert reached(order) == {
        "placed": 0,
        "confirmed": 1,
        "paid": 3,
        "shipped": 3,
        "delivered": 3,
        "completed": 3,
        "returned": 3,
    }


def test_it_keeps_what_was_reached(order):
    ask(order, builders.capture("50.00"), at=after(1))
    ask(
        order,
        AddLine(sku="M", name="M", quantity=1, unit_price=Decimal(9)),
        at=after(2),
    )
    ask(order, builders.capture("9.00", reference="r"), at=after(3))
    ask(order, CancelOrder(reason="r"), at=after(4))
    assert reached(order) == {"placed": 0, "paid": 1, "cancelled": 4}


def test_it_does_not_call_an_expired_order_cancelled(order):
    ask(order, ExpireOrder(), at=after(1))
    assert reached(order) == {"placed": 0}


@pytest.mark.parametrize("seed", [1, 2])
def test_it_equals_an_independent_computation(seed):
    live(seed, orders=150)
    project()
    assert_right()


def test_it_does_so_after_a_rebuild():
    live(3, orders=100)
    project()
    with connections["read"].cursor() as cursor:
        cursor.execute("UPDATE orders_order_milestones SET paid_at = NULL")
    rebuilds.rebuild(NAME)
    assert_right()


def test_it_does_so_with_four_partitions_and_streams_that_failed(
    four_partitions, monkeypatch
):
    fold = SalesFunnel.fold

    def failing(self, rows, event):
        fold(self, rows, event)
        if event.version > 3 and event.event_id.int % 5 == 0:
            raise Bug(event.type)

    monkeypatch.setattr(SalesFunnel, "fold", failing)
    live(4, orders=100)
    project()
    assert len(checkpoints.live(NAME)) == 4
    held = list(DeadLetter.objects.filter(projection=NAME))
    assert len(held) > 10
    monkeypatch.undo()
    for each in held:
        assert control.retry(each.pk, actor=accounts.ADA, reason="mended") is True
    assert_right()


def test_it_reports_what_an_independent_computation_says(reader):
    live(5, orders=150)
    project()
    answer = reader.get(FUNNEL, {"from": YEAR[0].isoformat(), "to": str(YEAR[1])})
    with sessions.opened() as open_session:
        wanted = independent_funnel.funnel(open_session(), *YEAR)
    found = answer.json()
    assert found["reached"] == wanted["reached"]
    microsecond = pytest.approx(wanted["median_seconds"], abs=1.1e-6)
    assert found["median_seconds"] == microsecond
    assert wanted["reached"]["placed"] > 100
    assert None not in wanted["median_seconds"].values()


def test_it_reports_orders_by_the_day_on_which_they_were_placed(order, reader):
    seconds = [3.5, 7200, 100, 60]
    for each in seconds:
        (other,) = place_in("FR")
        ask(other, ConfirmOrder(), at=AT + timedelta(seconds=each))
    project()
    assert reader.get(FUNNEL, DAY).json() == {
        "reached": dict.fromkeys(reports.REACHED, 0) | {"placed": 5, "confirmed": 4},
        "median_seconds": dict.fromkeys(reports.STEPS)
        | {"placed_to_confirmed": median(seconds)},
    }
    before = {"from": "2026-02-28", "to": "2026-02-28"}
    assert reader.get(FUNNEL, before).json()["reached"]["placed"] == 0


def test_it_reads_an_index(order):
    with connections["read"].cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")
        cursor.execute(f"EXPLAIN {reports.FUNNEL}", [AT, AT])
        plan = "\n".join(line for (line,) in cursor.fetchall())
        cursor.execute("RESET enable_seqscan")
    assert "order_milestones_placed" in plan


@pytest.mark.parametrize(
    ("query", "pointer", "code"),
    [
        ("from=march", "/from", "invalid"),
        ("from=2026-03-02&to=2026-03-01", "/from", "out-of-range"),
        ("country=GB", "/country", "unknown-parameter"),
        ("format=csv", "/format", "unknown-parameter"),
    ],
)
def test_it_refuses_what_it_cannot_report(reader, query, pointer, code):
    problem = assert_problem(reader.get(f"{FUNNEL}?{query}"), 422, "invalid")
    (fault,) = problem["errors"]
    assert (fault["pointer"], fault["code"]) == (pointer, code)


def test_it_waits_for_the_write_of_a_token(shop, reader):
    token = shop.change(shop.place(), "confirm")["Consistency-Token"]
    headers = {"Consistency_Token": token, "Prefer": "wait=0"}
    assert_problem(reader.get(FUNNEL, **headers), 503, "read-model-behind")
    project()
    answer = reader.get(FUNNEL, **headers)
    assert answer.json()["reached"]["confirmed"] == 1
    assert answer["Read-Position"] == "2"
