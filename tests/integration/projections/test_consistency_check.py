"""Rows are compared with their events by sample, and what differs is told."""

import io
import json
import logging
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.db import connections
from django.test import Client

from orders import models as order_models
from projections import control, registry
from projections.models import Checkpoint, ConsistencyCheck, DeadLetter, SkippedEvent
from projections.verifying import checking, sampling, tally
from tests.integration.operators import callers
from tests.integration.orders.reading import project
from tests.integration.orders.shop import Shop
from tests.integration.projections import accounts, rebuilds
from tests.integration.projections.accounts import NAME, earn
from tests.loyalty.projections.balance import LoyaltyBalance

pytestmark = pytest.mark.usefixtures("database")

ALL = 1_000  # more than there are


@pytest.fixture
def started(database: None) -> Checkpoint:
    """Account 1 with ten points, account 2 with twenty."""
    accounts.open_account()
    accounts.open_account("2")
    earn(10)
    earn(20, id="2")
    return accounts.follow()


def run(sql: str, *values: object) -> None:
    """As somebody with psql, past the engine."""
    with connections["read"].cursor() as cursor:
        cursor.execute(sql, values)
        assert cursor.rowcount > 0


def check(name: str = NAME) -> checking.Checked:
    tally.due([name], every_s=60)
    return checking.check(registry.get(name), sample=ALL)


def found(name: str = NAME) -> list[tuple[str, str, list[str]]]:
    """(stream, row, columns) of what differs now."""
    return sorted(
        (each.stream, each.row, sorted(each.columns))
        for rows in check(name).failed.values()
        for each in rows
    )


def failing_at(*points: int):
    fold = LoyaltyBalance.fold

    def failing(self, rows, event):
        if getattr(event.data, "points", None) in points:
            raise ValueError("this cannot be")
        fold(self, rows, event)

    return failing


def test_it_finds_nothing_where_rows_are_what_their_events_give(started):
    assert found() == []
    counted = tally.of(NAME)
    assert (counted.checked, counted.failed, counted.last_failure) == (2, 0, None)
    assert counted.last_checked_at is not None


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        (
            "UPDATE loyalty_balance SET points = 11, owner = 'mallory'"
            " WHERE account_id = '1'",
            ("account-1", "differs", ["owner", "points"]),
        ),
        (
            "DELETE FROM loyalty_balance WHERE account_id = '2'",
            ("account-2", "missing", []),
        ),
        (
            "INSERT INTO loyalty_balance VALUES ('3', 'mallory', 1, 1)",
            ("account-3", "extra", []),
        ),
    ],
)
def test_it_finds_a_row_that_was_changed_deleted_or_added(started, sql, expected):
    run(sql)
    assert found() == [expected]


def test_it_counts_reports_and_logs_what_differs_without_what_tells_of_a_person(
    started, caplog
):
    run("UPDATE loyalty_balance SET points = 11, owner = 'mallory' WHERE points = 10")
    with caplog.at_level(logging.ERROR):
        check()
        check()
    counted = tally.of(NAME)
    assert (counted.checked, counted.failed) == (4, 2)
    told = counted.last_failure
    assert told is not None
    assert (told["stream"], told["streams"]) == ("account-1", 1)
    assert (told["generation"], told["position"]) == (1, accounts.checkpoint().position)
    (row,) = told["rows"]
    assert sorted(row["columns"]) == ["owner", "points"]
    assert row["values"] == {"points": ["11", "10"]}
    assert "mallory" not in json.dumps(told)
    messages = [each.getMessage() for each in caplog.records]
    assert len(messages) == 2
    for name in (NAME, "account-1", "loyalty_balance", "owner", "points"):
        assert name in messages[0]
    assert "mallory" not in messages[0]


def test_it_does_not_flood_the_log_where_everything_differs(database, caplog):
    for id in map(str, range(checking.REPORTED + 5)):
        accounts.open_account(id)
    accounts.follow()
    run("UPDATE loyalty_balance SET points = 7")
    with caplog.at_level(logging.ERROR):
        assert len(found()) == checking.REPORTED + 5
    messages = [each.getMessage() for each in caplog.records]
    assert len(messages) == checking.REPORTED + 1
    assert messages[-1] == f"{NAME}: {checking.REPORTED + 5} streams differ"


def test_it_is_shown_by_the_command_line_and_the_api(started):
    run("UPDATE loyalty_balance SET points = 11 WHERE account_id = '1'")
    check()
    counted = tally.of(NAME)
    expected = {"checked": 2, "check_failures": 1}
    expected["last_check_failure"] = counted.last_failure
    (told,) = json.loads(manage("status", NAME, "--json"))
    assert expected.items() <= told.items()
    assert told["last_checked_at"] == counted.last_checked_at.isoformat()
    for word in ("check failures", "account-1", "points"):
        assert word in manage("status", NAME)
    answer = callers.key("ops:read").get(f"projections/{NAME}")
    assert expected.items() <= answer.json().items()
    health = Client().get("/health/projections").json()["projections"]
    (shown,) = [each for each in health if each["name"] == NAME]
    assert (shown["checked"], shown["check_failures"]) == (2, 1)
    assert "last_check_failure" not in shown


def manage(*arguments: str) -> str:
    out = io.StringIO()
    call_command("projection", *arguments, stdout=out)
    return out.getvalue()


def test_it_honours_what_is_held_and_what_is_skipped(started, monkeypatch):
    monkeypatch.setattr(LoyaltyBalance, "fold", failing_at(3, 4))
    for each in (3, 5):
        earn(each)
        earn(each + 1, id="2")
    accounts.follow()
    letters = {each.stream: each for each in DeadLetter.objects.all()}
    control.skip(letters["account-1"].pk, actor=accounts.ADA, reason="twice")
    monkeypatch.undo()  # from here on, only what is honoured keeps them out
    assert accounts.rows()["1"][1] == 15
    assert accounts.rows()["2"][1] == 20
    assert found() == []
    run("UPDATE loyalty_balance SET points = points + 1")
    assert found() == [
        ("account-1", "differs", ["points"]),
        ("account-2", "differs", ["points"]),
    ]


def test_it_lets_an_event_be_in_rows_that_is_skipped_for_those_of_another_generation(
    started,
):
    (*_, event) = accounts.window(started)
    assert event.stream == "account-2"
    SkippedEvent.objects.create(
        projection=NAME,
        event_id=event.event_id,
        stream=event.stream,
        position=event.position,
        actor="tests",
        reason="it fails in the tables of a rebuild",
    )
    assert found() == []
    run("UPDATE loyalty_balance SET points = 7 WHERE account_id = '2'")
    assert found() == [("account-2", "differs", ["points"])]


def test_it_says_when_events_cannot_be_folded_any_more(started, monkeypatch):
    monkeypatch.setattr(LoyaltyBalance, "fold", failing_at(20))
    (stream, row, columns), *more = found()
    assert (stream, row, columns, more) == ("account-2", "unreadable", [], [])
    (told,) = tally.of(NAME).last_failure["rows"]
    assert told["error"] == "ValueError"


def test_it_compares_each_partition_as_of_its_own_position(database, settings):
    settings.CQRS = accounts.configured(partitions=2, batch_size=1)
    for id in map(str, range(1, 9)):
        accounts.open_account(id)
    accounts.follow()
    first, second = accounts.checkpoint(0), accounts.checkpoint(1)
    control.pause(NAME, actor=accounts.ADA, reason="tests")
    Checkpoint.objects.filter(pk=second.pk).update(state="running")
    project()
    assert accounts.checkpoint(1).position > accounts.checkpoint(0).position
    assert first.position < 8
    assert found() == []
    run("UPDATE loyalty_balance SET spent = 1")
    assert {row for _, row, _ in found()} == {"differs"}


@pytest.mark.parametrize(
    "change",
    [
        {"version": 7},  # of other code: a rebuild is due
        {"epoch": 7},  # the log was restored
        {"state": "faulted"},
        {"role": "kept"},  # no live tables
    ],
)
def test_it_leaves_rows_alone_that_are_not_of_this_code_and_log(started, change):
    run("UPDATE loyalty_balance SET points = 0")
    assert len(found()) == 2
    Checkpoint.objects.filter(projection=NAME).update(**change)
    assert check().streams == 0


def test_it_believes_only_what_it_sees_under_the_lease(started, monkeypatch):
    look = checking.looks.look

    def older(projection, live, wanted):
        """As if the rows were seen before their last event."""
        seen = look(projection, live, wanted)
        if len(calls) == 0:
            for each in seen:
                for texts in each.stored.values():
                    for row in texts.values():
                        row["points"] = "0"
        calls.append([each.stream for each in wanted])
        return seen

    calls: list[list[str]] = []
    monkeypatch.setattr(checking.looks, "look", older)
    assert found() == []
    assert [sorted(each) for each in calls] == [["account-1", "account-2"]] * 2


def test_it_gives_no_alarm_when_tables_are_swapped_between_its_looks(
    started, monkeypatch
):
    run("UPDATE loyalty_balance SET points = 0")  # which the rebuild mends
    under_lease = checking.looks.under_lease

    def swapped_before(projection):
        rebuilds.rebuild()
        return under_lease(projection)

    monkeypatch.setattr(checking.looks, "under_lease", swapped_before)
    assert found() == []
    assert accounts.checkpoint().generation == 2


@pytest.mark.parametrize(
    ("name", "table", "column", "value"),
    [
        ("order_summary", "orders_order_summary", "total", "1"),
        ("order_detail", "orders_order_detail", '"order"', "'{}'"),
        ("order_search", "orders_order_search", "names", "''"),
        ("sales_daily", "orders_order_sales", "version", "9"),
        ("sales_funnel", "orders_order_milestones", "shipped_at", "now()"),
        ("sales_funnel", "orders_order_progress", "folded", "'{}'"),
        ("customer_summary", "orders_customer_order", "placed_at", "now()"),
        ("product_sales", "orders_product_order", "folded", "'{}'"),
        ("bought_with", "orders_bought_order", "skus", "'{TEA}'"),
    ],
)
def test_it_compares_every_kind_of_column(name, table, column, value):
    shop = Shop()
    order_id = shop.confirmed()
    shop.change(order_id, "capture-payment", PAYMENT)
    shop.change(order_id, "add-note", {"text": "Grüße\n„so“ 100 %"})
    shop.change(order_id, "ship", {"carrier": "post", "tracking_number": "T1"})
    shop.place(customer_id="customer-2", external_reference="R-1", note="as a gift")
    project()
    assert found(name) == []
    assert tally.of(name).checked == 2
    run(f"UPDATE {table} SET {column} = {value} WHERE order_id = %s", order_id)
    assert found(name) == [(f"order-{order_id}", "differs", [column.strip('"')])]


PAYMENT = {"amount": "12.50", "method": "card", "reference": "P-1"}


def test_it_finds_a_row_of_an_order_that_never_was(database):
    Shop().place()
    project()
    ghost = uuid4()
    order_models.OrderDetail.objects.create(order_id=ghost, version=1, order={})
    assert found("order_detail") == [(f"order-{ghost}", "extra", [])]


def test_it_looks_at_newest_streams_and_at_any(started):
    for id in map(str, range(100, 400)):
        accounts.open_account(id)
    stands = accounts.follow().position
    while stands < 304:
        stands = accounts.follow().position
    newest = {f"account-{id}" for id in range(400 - 4 * 20, 400)}
    for _ in range(20):
        seen = {
            each.stream
            for each in sampling.streams(accounts.projection(), up_to=stands, count=60)
        }
        assert 20 <= len(seen) <= 60
        assert len(seen & newest) >= 20
        assert len(seen - newest) >= 5


def test_it_leaves_out_streams_that_are_too_long(started, monkeypatch):
    monkeypatch.setattr(sampling, "MOST_EVENTS", 2)
    earn(1)
    accounts.follow()
    run("UPDATE loyalty_balance SET points = 0")
    assert [stream for stream, *_ in found()] == ["account-2"]


def test_it_checks_every_projection_that_has_rows_once_an_interval(started):
    Shop().place()
    project()
    streams = checking.run()
    names = {name for name, each in registry.all().items() if each.own_tables}
    counted = tally.counted()
    assert set(counted) == names
    assert streams == sum(each.checked for each in counted.values())
    assert {name for name, each in counted.items() if not each.checked} == set()
    assert checking.run() == 0
    ConsistencyCheck.objects.filter(projection=NAME).update(begun_at=None)
    assert checking.run() == 2


def test_it_goes_on_with_what_had_no_turn(started, monkeypatch):
    Shop().place()
    project()
    monkeypatch.setattr(checking, "TENANCY_S", 0.0)
    assert checking.run() == 0
    due = tally.due(list(registry.all()), every_s=60)
    assert len(due) == len(registry.all())
    assert tally.claim(due[0], every_s=60)
    assert not tally.claim(due[0], every_s=60)  # another worker
    assert tally.due(list(registry.all()), every_s=60) == due[1:]


def test_it_is_off_where_its_interval_is_0(started, settings):
    off = settings.CQRS.query_side.consistency_check.model_copy(update={"every_s": 0})
    query_side = settings.CQRS.query_side.model_copy(update={"consistency_check": off})
    settings.CQRS = settings.CQRS.model_copy(update={"query_side": query_side})
    assert checking.run() == 0
    assert tally.counted() == {}
