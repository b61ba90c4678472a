"""A rebuild from a time on, of rows to which several streams add, some of them held."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connections, transaction

from orders.domain.commands import AddLine
from orders.projections.sales_daily import SalesDaily
from projections import control, dead_letters, errors, operations, tables
from projections.models import Checkpoint, DeadLetter
from tests.integration.projections import accounts, rebuilds, sales
from tests.integration.projections.rebuilds import State
from tests.integration.projections.sales import AT, NAME

pytestmark = pytest.mark.usefixtures("database")

SINCE = AT + timedelta(days=19)
ASKED = {"actor": accounts.ADA, "reason": "mended"}


def _line(sku: str) -> AddLine:
    return AddLine(sku=sku, name=sku, quantity=3, unit_price=Decimal("5.00"))


def fail_at(sku: str, monkeypatch) -> None:
    fold = SalesDaily.fold

    def failing(self, rows, event):
        fold(self, rows, event)
        if getattr(event.data, "sku", None) == sku:
            raise ValueError(sku)

    monkeypatch.setattr(SalesDaily, "fold", failing)


@pytest.fixture
def held(database, monkeypatch) -> DeadLetter:
    """An order that failed before SINCE, in code that is mended now; of a row to which
    another order adds.
    """
    failed, other = sales.place_in("GB", "GB")
    sales.ask(failed, _line("MORE"), at=AT + timedelta(days=1))
    sales.ask(other, _line("ANY"), at=AT + timedelta(days=1))
    sales.ask(other, _line("NEW"), at=AT + timedelta(days=20))
    with monkeypatch.context() as patched:
        fail_at("MORE", patched)
        sales.catch_up()
    (letter,) = DeadLetter.objects.all()
    letter.order_id = failed
    return letter


@pytest.fixture
def touched(held) -> None:
    """It goes on after SINCE."""
    sales.ask(held.order_id, _line("LATE"), at=AT + timedelta(days=20))
    sales.catch_up()


def expect_the_rows_of_a_full_rebuild() -> None:
    for letter in dead_letters.current():
        assert control.retry(letter.pk, **ASKED)
    partly = sales.stored()
    rebuilds.rebuild(NAME)
    assert partly == sales.stored()


def test_it_keeps_what_other_streams_added(held):
    rebuilds.rebuild(NAME, from_timestamp=SINCE)
    expect_the_rows_of_a_full_rebuild()


def test_it_loses_nothing_that_was_held_before_that_time(held, touched):
    rebuilds.rebuild(NAME, from_timestamp=SINCE)
    expect_the_rows_of_a_full_rebuild()


@pytest.mark.parametrize("also", ["held", "touched"])
def test_it_adds_nothing_of_what_is_tried_again_while_it_fills(also, held, request):
    request.getfixturevalue(also)
    operation = rebuilds.begin(NAME, from_timestamp=SINCE)
    rebuilds.step(operation)
    (shadow,) = Checkpoint.objects.filter(projection=NAME, role="shadow")
    copied = DeadLetter.objects.get(generation=shadow.generation)
    with pytest.raises(errors.NotAllowedInState, match="is being filled"):
        control.retry(copied.pk, **ASKED)
    with pytest.raises(errors.NotAllowedInState, match="is being filled"):
        control.skip(copied.pk, **ASKED)
    rebuilds.until(operations.get(operation.pk), State.FINISHED)
    expect_the_rows_of_a_full_rebuild()


@pytest.mark.parametrize("sku", ["ANY", "NEW"])
def test_it_fails_where_live_sums_have_what_can_be_folded_no_more(
    sku, held, monkeypatch
):
    """Tried again once the code is mended, it would be added twice."""
    fail_at(sku, monkeypatch)
    operation = rebuilds.until(
        rebuilds.begin(NAME, from_timestamp=SINCE), State.FAILED, State.FINISHED
    )
    assert operation.state == State.FAILED
    assert "rebuild all of them" in operation.note


def test_it_still_holds_what_failed_and_fails_again(held, touched, monkeypatch):
    with monkeypatch.context() as patched:
        fail_at("MORE", patched)
        rebuilds.rebuild(NAME, from_timestamp=AT)
        assert len(DeadLetter.objects.filter(generation=2)) == 1
    expect_the_rows_of_a_full_rebuild()


@pytest.mark.parametrize("length", [56, 57, 62, 63])
def test_it_finds_the_rows_beside_a_table_of_a_long_name(length, database):
    names = ["x" * (length - 1) + last for last in "ab"]
    beside = {tables.beside(each) for each in names}
    with connections["read"].cursor() as cursor, transaction.atomic("read"):
        for each in [*names, *beside]:
            name = tables.qualified(each, tables.SHADOW)
            cursor.execute(f"CREATE TABLE {name} ()")
        assert set(tables.left([*beside], tables.SHADOW)) == beside
        transaction.set_rollback(True, "read")
