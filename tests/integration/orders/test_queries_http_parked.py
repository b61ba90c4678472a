"""Queries about an order whose events are held: never silently old."""

from typing import Any

import pytest

from orders import queries
from orders.projections.order_detail import OrderDetail
from orders.projections.order_summary import OrderSummary
from projections import actors, control
from projections.models import DeadLetter
from tests import cleaning
from tests.integration.orders.reading import ORDERS, Reader, project
from tests.integration.orders.shop import Shop, assert_problem
from tests.integration.projections import rebuilds


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Types of events that no projection of orders can fold."""
    types: set[str] = set()
    for projection in (OrderDetail, OrderSummary):
        fold = projection.fold

        def failing(self: Any, rows: Any, event: Any, fold: Any = fold) -> None:
            if event.type in types:
                raise ValueError(event.type)
            fold(self, rows, event)

        monkeypatch.setattr(projection, "fold", failing)
    return types


def test_it_says_that_the_order_is_parked_when_the_write_is_demanded(
    shop: Shop, reader: Reader, broken: set[str]
) -> None:
    order_id = shop.place()
    other = shop.place()
    project()
    broken.add("OrderConfirmed")
    token = shop.change(order_id, "confirm")["Consistency-Token"]
    project()
    answer = reader.order(order_id, Consistency_Token=token)
    assert_problem(answer, 503, "order-parked")
    assert answer["Retry-After"]
    # Others are served, and so is who does not ask for that write.
    assert reader.order(other, Consistency_Token=token).status_code == 200
    assert reader.order(order_id).json()["version"] == 1
    broken.clear()
    for letter in DeadLetter.objects.all():
        assert control.retry(letter.pk, actor=actors.program("tests"), reason="mended")
    answer = reader.order(order_id, Consistency_Token=token)
    assert answer.json()["status"] == "confirmed"


def test_it_does_not_call_a_parked_order_unknown(
    shop: Shop, reader: Reader, broken: set[str]
) -> None:
    broken.add("OrderPlaced")
    order_id = shop.place()
    project()
    assert_problem(reader.order(order_id), 503, "order-parked")


def test_it_tells_how_many_orders_a_list_may_lack(
    shop: Shop, reader: Reader, broken: set[str]
) -> None:
    shop.place()
    project()
    assert "Parked-Orders" not in reader.get(ORDERS).headers
    broken.add("OrderPlaced")
    shop.place()
    shop.place()
    project()
    answer = reader.get(ORDERS)
    assert answer["Parked-Orders"] == "2"
    assert len(answer.json()["data"]) == 1


def test_it_says_so_when_tables_go_live_that_lack_the_write_meanwhile(
    shop: Shop, reader: Reader, monkeypatch: pytest.MonkeyPatch, broken: set[str]
) -> None:
    """Between the look at the position and the rows: a swap."""
    order_id = shop.place()
    token = shop.change(order_id, "confirm")["Consistency-Token"]
    project()
    broken.add("OrderConfirmed")
    coming = rebuilds.until(rebuilds.begin("order_detail"), rebuilds.State.SWAPPING)
    find = queries.find_order
    cleaning.empty_redis()

    def after_a_swap(id: Any) -> Any:
        rebuilds.until(coming, rebuilds.State.FINISHED)
        return find(id)

    monkeypatch.setattr(queries, "find_order", after_a_swap)
    answer = reader.order(order_id, Consistency_Token=token)
    assert_problem(answer, 503, "order-parked")
