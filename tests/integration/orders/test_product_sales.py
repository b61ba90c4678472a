"""Given events of orders, then the products they sold, and what is bought with them."""

from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from orders import product_queries
from orders.domain.commands import (
    AddLine,
    CancelOrder,
    ChangeLineQuantity,
    ConfirmOrder,
    ExpireOrder,
    RemoveLine,
)
from orders.projections import bought_with
from tests.integration.orders.reading import project
from tests.integration.projections.sales import ask
from tests.unit.orders import builders

pytestmark = pytest.mark.usefixtures("database")


def order(*lines: tuple[str, int, str], **changes: Any) -> UUID:
    """An order of lines (SKU, units, price); its id."""
    id = uuid4()
    new = (builders.new_line(n, price, sku=sku) for sku, n, price in lines)
    ask(id, builders.place(lines=tuple(new), **changes))
    return id


def product(sku: str) -> dict[str, Any]:
    """What is not nothing of a product."""
    project()
    found = product_queries.find_product(sku)
    assert found is not None
    return {name: value for name, value in found.items() if value}


def bought(sku: str) -> list[tuple[str, int]]:
    project()
    found = product_queries.bought_with(sku, limit=50)
    return [(each["sku"], each["orders"]) for each in found]


def test_it_adds_up_the_orders_of_a_product() -> None:
    order(("A", 2, "5.00"), ("B", 1, "7.00"))
    order(("A", 1, "4.00"), ("A", 3, "0.0005"), ("B", 9, "1.00"), currency="USD")
    assert product("A") == {
        "sku": "A",
        "name": "Tea",
        "orders": 2,
        "units": 6,
        "revenue": {"EUR": "10.00", "USD": "4.0015"},
        "refunded": {"EUR": "0.00", "USD": "0.00"},
        "customers": 1,
    }


def test_it_counts_distinct_customers_and_none_without_a_name() -> None:
    for customer in ("ada", "ada", "bob", "anonymous"):
        order(("A", 2, "5.00"), customer_id=customer)
    assert product("A")["customers"] == 2


def test_it_counts_lines_as_they_stand() -> None:
    id = order(("A", 2, "5.00"), ("B", 1, "7.00"))
    more = AddLine(sku="C", name="Cup", quantity=3, unit_price=Decimal("1.50"))
    ask(id, more, ChangeLineQuantity(line_id=1, quantity=4), RemoveLine(line_id=2))
    ask(id, ConfirmOrder(), builders.cancel_lines(line1=1))
    assert product("A")["units"] == 3
    assert product("A")["revenue"] == {"EUR": "15.00"}
    assert product("C")["name"] == "Cup"
    assert product_queries.find_product("B") is None
    assert bought("A") == [("C", 1)]


def test_it_counts_no_product_of_which_every_unit_was_cancelled() -> None:
    id = order(("A", 2, "5.00"), ("B", 1, "7.00"))
    ask(id, ConfirmOrder(), builders.cancel_lines(line2=1))
    assert product("B") == {"sku": "B", "name": "Tea"}
    assert bought("A") == []


@pytest.mark.parametrize("closing", [CancelOrder(reason="r"), ExpireOrder()])
def test_it_counts_nothing_of_an_order_that_will_not_be_sold(closing: Any) -> None:
    order(("A", 2, "5.00"), ("B", 1, "7.00"))
    kept = product("A"), product("B")
    ask(order(("A", 9, "5.00"), ("B", 1, "7.00"), customer_id="bob"), closing)
    assert (product("A"), product("B")) == kept
    assert bought("A") == [("B", 1)]


def test_it_takes_refunds_for_the_units_that_came_back() -> None:
    id = order(("A", 2, "5.00"), ("B", 1, "7.00"))
    ask(id, ConfirmOrder(), builders.ship(), builders.capture("17.00"))
    ask(id, builders.return_lines(line1=1, line2=1), builders.refund("6.50"))
    # The first line's 5.00, then what is left for the second one.
    assert product("A")["refunded"] == {"EUR": "5.00"}
    assert product("B")["refunded"] == {"EUR": "1.50"}
    assert product("B")["returned_units"] == 1
    assert product("B")["revenue"] == {"EUR": "7.00"}
    ask(id, builders.refund("10.50"))
    assert product("A")["refunded"] == {"EUR": "5.00"}
    assert product("B")["refunded"] == {"EUR": "7.00"}


def test_it_calls_a_product_as_most_lines_do() -> None:
    for name in ("Tea", "Green tea", "Black tea", "Green tea", "Black tea"):
        line = builders.new_line(9, "5.00", sku="A", name=name)
        ask(uuid4(), builders.place(lines=(line,)))
    assert product("A")["name"] == "Black tea"


def test_it_counts_orders_of_many_products_as_those_of_few() -> None:
    few = [(f"S-{n:02}", 1, "5.00") for n in range(bought_with.FEW)]
    id = order(*few)
    order(*few, ("T", 1, "1.00"))
    order(few[0], few[1], ("T", 1, "1.00"))
    three = [("S-01", 3), ("S-02", 2), ("S-03", 2)]
    assert bought("S-00")[:3] == three
    assert bought("T")[:3] == [("S-00", 2), ("S-01", 2), ("S-02", 1)]
    # It becomes one of many, and of few again.
    one_more = AddLine(sku="U", name="Tea", quantity=1, unit_price=Decimal(1))
    ask(id, one_more)
    assert bought("S-00")[:3] == three
    assert bought("U")[0] == ("S-00", 1)
    ask(id, RemoveLine(line_id=bought_with.FEW + 1))
    assert bought("S-00")[:3] == three
    assert bought("U") == []
    ask(id, CancelOrder(reason="r"))
    assert bought("S-00")[:3] == [("S-01", 2), ("T", 2), ("S-02", 1)]
