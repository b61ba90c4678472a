from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from orders.domain import commands, decide, errors, evolve
from orders.domain.order import Order
from orders.domain.rules import Rules
from orders.simulation import catalogue, customers
from orders.simulation.simulating import Simulation

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class World:
    """Handles the commands of a simulation in memory, by the rules of the domain."""

    def __init__(self, *, seed: int, orders: int, run: str = "r") -> None:
        self.commands: list[tuple[int, commands.OrderCommand]] = []
        self.rejections: Counter[str] = Counter()
        self.orders: dict[int, Order] = {}
        simulation = Simulation(seed=seed, run=run, orders=orders)
        while turn := simulation.next():
            self.commands.append((turn.number, turn.command))
            order = self._handle(turn.number, turn.command)
            simulation.answer(turn, order_id=UUID(int=turn.number), order=order)
        assert simulation.begun == simulation.finished == orders

    def _handle(self, number: int, command: commands.OrderCommand) -> Order | None:
        at = NOON + timedelta(seconds=len(self.commands))
        order = self.orders.get(number)
        try:
            happened = decide.decide(order, command, at=at, rules=Rules())
        except errors.OrderError as refused:
            self.rejections[refused.code] += 1
            return order
        for event in happened:
            self.orders[number] = order = evolve.evolve(order, event, at=at)
        return order


@pytest.fixture(scope="module")
def world() -> World:
    return World(seed=11, orders=1_500)


def test_it_uses_every_command_there_is(world):
    used = {type(command) for _, command in world.commands}
    assert used == set(commands.OrderCommand.__args__)


def test_it_lives_lives_of_every_kind(world):
    orders = world.orders.values()
    assert {str(order.status) for order in orders} == {
        "completed",
        "cancelled",
        "expired",
    }
    assert {str(order.payment_status) for order in orders} == {
        "unpaid",
        "paid",
        "partially_refunded",
        "refunded",
    }
    assert {"delivered", "returned", "partially_returned", "unfulfilled"} <= {
        str(order.fulfillment_status) for order in orders
    }
    assert any(len(order.shipments) == 2 for order in orders)
    assert any(len(order.payments) == 2 for order in orders)
    assert any(shipment.failures for order in orders for shipment in order.shipments)
    assert len({order.currency for order in orders}) > 4


def test_it_completes_most_orders(world):
    completed = [o for o in world.orders.values() if o.status == "completed"]
    assert 0.75 < len(completed) / 1_500 < 0.95


def test_it_errs_now_and_then_and_only_as_callers_do(world):
    assert set(world.rejections) == {
        "minimum-order-amount",
        "last-line",
        "duplicate-payment",
        "already-delivered",
    }
    assert world.rejections.total() < len(world.commands) * 0.05


def test_it_works_on_many_orders_at_once(world):
    first = [number for number, _ in world.commands].index
    last = {number: place for place, (number, _) in enumerate(world.commands)}
    middle = len(world.commands) // 2
    open_then = [n for n in last if first(n) < middle < last[n]]
    assert len(open_then) > 20


def test_it_has_customers_who_come_back(world):
    counts = Counter(order.customer_id for order in world.orders.values())
    assert counts.most_common(1)[0][1] > 20
    assert sum(count == 1 for count in counts.values()) > 300


def test_it_decides_the_same_for_the_same_seed():
    assert World(seed=3, orders=60).commands == World(seed=3, orders=60).commands
    assert World(seed=3, orders=60).commands != World(seed=4, orders=60).commands


def test_it_gives_each_run_references_of_its_own():
    def references(run: str) -> set[str]:
        placed = [c for _, c in World(seed=3, orders=60, run=run).commands]
        return {
            text
            for command in placed
            for name in ("external_reference", "reference", "tracking_number")
            if (text := getattr(command, name, None))
        }

    assert references("a").isdisjoint(references("b"))
    assert len(references("a")) > 120


def test_it_knows_a_customer_again():
    assert customers.customer(7) == customers.customer(7)
    assert customers.customer(7).address != customers.customer(8).address


def test_it_sells_what_can_be_sold():
    assert len({product.sku for product in catalogue.PRODUCTS}) == len(
        catalogue.PRODUCTS
    )
    assert all(0 < product.price < 1_000 for product in catalogue.PRODUCTS)
