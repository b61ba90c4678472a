"""Given events of orders, then what their customers ordered, paid and sent back."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from orders import customer_queries
from orders.domain.commands import CancelOrder, ConfirmOrder
from tests.integration.orders.reading import project
from tests.integration.projections.sales import AT, ask
from tests.unit.orders import builders

pytestmark = pytest.mark.usefixtures("database")

LATER = AT + timedelta(days=9, hours=1)


def order(
    *, at: Any = AT, units: int = 10, price: str = "5.00", **changes: Any
) -> UUID:
    id = uuid4()
    lines = (builders.new_line(units, "5.00"),)
    ask(id, builders.place(lines=lines, customer_id="ada", **changes), at=at)
    return id


def customer(id: str = "ada", *, now: Any = LATER) -> dict[str, Any]:
    project()
    found = customer_queries.find_customer(id, now=now)
    assert found is not None
    return found


def test_it_adds_up_the_orders_of_a_customer() -> None:
    first = order()
    order(at=LATER, units=3, currency="USD")
    ask(first, ConfirmOrder(), builders.ship(), builders.capture("30.00"))
    ask(first, builders.return_lines(line1=2), builders.refund("9.99"))
    assert customer() == {
        "customer_id": "ada",
        "orders": 2,
        "units": 13,
        "placed": {"EUR": "50.00", "USD": "15.00"},
        "captured": {"EUR": "30.00", "USD": "0.00"},
        "refunded": {"EUR": "9.99", "USD": "0.00"},
        "lifetime_value": {"EUR": "20.01", "USD": "0.00"},
        "returned_units": 2,
        "cancelled_orders": 0,
        "first_order_at": "2026-03-01T12:00:00Z",
        "last_order_at": "2026-03-10T13:00:00Z",
        "features": {
            "recency_days": 0,
            "frequency": 2,
            "monetary": {"EUR": "20.01", "USD": "0.00"},
            "return_rate": 0.1538,
            "average_order": {"EUR": "50.00", "USD": "15.00"},
        },
    }


def test_it_keeps_cancelled_orders_apart_from_what_it_tells_of_habits() -> None:
    order()
    order(units=5)
    ask(order(units=40), builders.capture("1.00"), CancelOrder(reason="r"))
    ask(order(currency="USD"), CancelOrder(reason="r"))
    found = customer()
    assert (found["orders"], found["cancelled_orders"]) == (4, 2)
    assert (found["units"], found["placed"]["EUR"]) == (65, "275.00")
    assert found["captured"] == {"EUR": "1.00", "USD": "0.00"}
    assert found["features"]["frequency"] == 2
    assert found["features"]["average_order"] == {"EUR": "37.50"}
    assert found["features"]["return_rate"] == 0


def test_it_rounds_an_average_to_four_digits() -> None:
    for units in (2, 2, 3):
        order(units=units)
    assert customer()["features"]["average_order"] == {"EUR": "11.6667"}


def test_it_counts_whole_days_since_the_last_order() -> None:
    order(at=LATER)
    order()  # placed earlier, stored later
    days = timedelta(days=3)
    almost = LATER + days - timedelta(seconds=1)
    assert customer(now=almost)["features"]["recency_days"] == 2
    assert customer(now=LATER + days)["features"]["recency_days"] == 3
    # Clocks differ; an order of the future is one of today.
    assert customer(now=AT)["features"]["recency_days"] == 0


def test_it_knows_no_customer_without_an_order() -> None:
    order()
    project()
    assert customer_queries.find_customer("ad", now=LATER) is None
