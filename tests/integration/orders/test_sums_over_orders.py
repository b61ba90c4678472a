"""Products and customers equal what the events say, however they came to be counted."""

from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any
from uuid import UUID

import pytest
from django.db import connections

from cqrs_site import configuration
from eventstore import store
from orders.projections import bought_with
from orders.projections.bought_with import BoughtWith
from orders.projections.customer_summary import CustomerSummary
from orders.projections.product_sales import ProductSales
from projections import checkpoints, control, registry, runner
from projections.models import DeadLetter
from tests.faults import independent_fold, work
from tests.integration.eventstore import sessions
from tests.integration.orders import independent_sums, read_models
from tests.integration.orders.reading import project
from tests.integration.projections import accounts, rebuilds, sales

pytestmark = pytest.mark.usefixtures("database")

PROJECTIONS = (ProductSales, BoughtWith, CustomerSummary)
NAMES = [each.name for each in PROJECTIONS]
COUNTED = {sales.ORDER.type_of_struct(each).name for each in CustomerSummary.reads}
AMOUNTS = ("revenue", "refunded", "placed", "captured", "lifetime_value")


class Bug(Exception):
    pass


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Orders of more than two products are counted when asked."""
    monkeypatch.setattr(bought_with, "FEW", 2)


@pytest.fixture
def four_partitions(settings: Any) -> None:
    settings.CQRS = configuration.load(
        str(settings.BASE_DIR / "cqrs.yaml"),
        environ={
            f"CQRS__QUERY_SIDE__PROJECTIONS__{name.upper()}__{key}": value
            for name in NAMES
            for key, value in (("PARTITIONS", "4"), ("BATCH_SIZE", "20"))
        },
    )


def histories(seed: int, orders: int = 60) -> None:
    """Random lives of orders in any order, as those of daily sales."""
    random = Random(seed)
    ids = [UUID(int=random.getrandbits(128)) for _ in range(orders)]
    for id in [*ids, *random.choices(ids, k=5 * orders)]:
        append = work.life(random, id)
        if append.events:
            store.append_many([append])


def assert_right() -> None:
    assert read_models.wrong() == {}
    with sessions.opened() as open_session:
        orders = independent_fold.orders(open_session())
    products = independent_sums.products(orders)
    assert len(products) > 5
    assert sum(each["returned_units"] for each in products.values())
    assert len(independent_sums.customers(orders)) > 20


@pytest.mark.parametrize("seed", [1, 2])
def test_it_equals_an_independent_computation(seed: int) -> None:
    histories(seed)
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT DISTINCT type FROM eventstore_event")
        assert {type for (type,) in cursor.fetchall()} >= COUNTED
    project()
    assert_right()


def test_it_does_so_after_a_rebuild() -> None:
    histories(3)
    project()
    for name in NAMES:
        with connections["read"].cursor() as cursor:
            for table in registry.get(name).tables:
                cursor.execute(f'DELETE FROM "{table.name}"')
        rebuilds.rebuild(name)
    assert_right()


def test_it_does_so_with_four_partitions_at_once(four_partitions: None) -> None:
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
    project()
    for name in NAMES:
        found = checkpoints.live(name)
        assert [bool(each.events_folded) for each in found] == [True] * 4
        assert not any(each.failures for each in found)
    assert_right()


def test_it_does_so_after_streams_have_failed_and_were_retried(
    four_partitions: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for projection in PROJECTIONS:
        fold = projection.fold

        def failing(self: Any, rows: Any, event: Any, fold: Any = fold) -> None:
            fold(self, rows, event)
            if event.version > 3 and event.event_id.int % 5 == 0:
                raise Bug(event.type)

        monkeypatch.setattr(projection, "fold", failing)
    histories(5)
    project()
    held = list(DeadLetter.objects.filter(projection__in=NAMES))
    assert {each.projection for each in held} == set(NAMES)
    monkeypatch.undo()
    monkeypatch.setattr(bought_with, "FEW", 2)
    for each in held:
        assert control.retry(each.pk, actor=accounts.ADA, reason="mended") is True
    assert_right()
