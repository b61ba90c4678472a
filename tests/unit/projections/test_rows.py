"""What a batch adds to shared rows, before it is written."""

from decimal import Decimal
from uuid import uuid4

import pytest

from orders import models
from orders.projections.sales_daily import DAYS, ORDERS
from projections.projection import Rows, Table

GB, PL = ("2026-03-01", "EUR", "GB"), ("2026-03-01", "EUR", "PL")


@pytest.fixture
def rows() -> Rows:
    made = Rows()
    made.add(DAYS, GB, orders=1, placed=Decimal("12.50"))
    made.add(DAYS, GB, orders=1, units=3)
    made.add(DAYS, PL, orders=-1)
    return made


def test_it_sums_by_key_and_column(rows):
    assert rows.added == {
        DAYS: {
            GB: {"orders": 2, "placed": Decimal("12.50"), "units": 3},
            PL: {"orders": -1},
        }
    }


def test_it_joins_what_was_set_aside_with_what_came_after(rows):
    aside = rows.set_added_aside()
    assert rows.added == {}
    rows.add(DAYS, GB, orders=5)
    rows.join_added(aside)
    assert rows.added[DAYS][GB]["orders"] == 7
    assert rows.added[DAYS][PL] == {"orders": -1}


def test_it_takes_no_additions_of_what_is_not_there(rows):
    with pytest.raises(TypeError, match="takes no additions of \\['order'\\]"):
        rows.add(DAYS, GB, order=1)
    with pytest.raises(TypeError, match="takes no additions of \\['country'\\]"):
        rows.add(DAYS, GB, country=1)
    assert rows.added[DAYS][GB]["orders"] == 2


def test_it_takes_no_additions_to_the_row_of_one_stream(rows):
    with pytest.raises(TypeError, match="orders_order_sales takes no additions"):
        rows.add(ORDERS, 1, version=1)


def test_it_has_no_shared_rows_to_change(rows):
    with pytest.raises(KeyError):
        rows.get(DAYS, GB)
    with pytest.raises(KeyError):
        rows.put(DAYS, models.SalesDaily(pk=GB))


def test_it_refuses_a_table_that_is_shared_and_has_a_key_of_streams():
    with pytest.raises(ValueError, match="orders_sales_daily: either it is shared"):
        Table(models.SalesDaily, shared=True, key_of=lambda event: event.stream)
    with pytest.raises(ValueError, match="either it is shared or it has a key_of"):
        Table(models.SalesDaily)


def test_it_refuses_a_key_that_no_row_can_have():
    """Its row would not be found, and be made anew with every event."""
    rows = Rows()
    rows.load(ORDERS, {})
    key = uuid4()
    assert rows.get(ORDERS, key) is None
    with pytest.raises(TypeError, match=f"'{key}' is no key of order_id, but UUID"):
        rows.get(ORDERS, str(key))
