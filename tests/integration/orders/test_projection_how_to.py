"""docs/how-to/add-a-projection.md and the runbooks: their code and commands run."""

import sys
import types
import uuid
from datetime import UTC, datetime

import pytest
from django.apps import apps
from django.db import connections

from eventstore import commands
from eventstore.commands import Context
from orders import models
from orders.domain.commands import CancelOrder, ConfirmOrder
from orders.streams import ORDER
from projections import registry, runner
from projections.in_redis import latest
from tests import pages
from tests.faults import nursery
from tests.integration.projections import rebuilds
from tests.unit.orders.builders import place, ship

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
PAGE = "how-to/add-a-projection.md"
PAGES = [PAGE, "runbooks/lag.md", "runbooks/parked-orders.md"]
PAGES += ["runbooks/failed-rebuild.md", "runbooks/forget-a-customer.md"]


def order(*then) -> uuid.UUID:
    id = uuid.uuid4()
    for each in (place(), *then):
        commands.handle(ORDER, id, each, at=AT, context=Context(actor="tests"))
    return id


@pytest.fixture
def installed(database, monkeypatch):
    """The page's model and projection, as if they stood where the page says."""
    table, code, _ = pages.blocks(PAGE, "python")
    module = types.ModuleType("orders.models.shipping")
    exec(compile(table, PAGE, "exec"), module.__dict__)
    model = models.OrderToShip = module.OrderToShip
    with connections["read"].schema_editor() as editor:
        editor.create_model(model)
    name = "orders.projections.orders_to_ship"
    monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    exec(compile(code, PAGE, "exec"), sys.modules[name].__dict__)
    projection = sys.modules[name].OrdersToShip()
    with monkeypatch.context() as patched:
        patched.setattr(registry, "all", lambda: {projection.name: projection})
        yield projection
    with connections["read"].schema_editor() as editor:
        editor.delete_model(model)
    del models.OrderToShip
    del apps.all_models["orders"]["ordertoship"]
    apps.clear_cache()


def waiting() -> set[uuid.UUID]:
    found = models.OrderToShip.objects.filter(confirmed_at__isnull=False)
    return set(found.values_list("order_id", flat=True))


def test_it_knows_which_orders_wait(installed):
    waits = order(ConfirmOrder())
    order()
    order(ConfirmOrder(), ship())
    order(ConfirmOrder(), CancelOrder(reason="changed my mind"))
    while runner.run_round(worker="tests").advanced:
        pass
    assert waiting() == {waits}
    assert models.OrderToShip.objects.count() == 2
    (row,) = installed.rows_of(ORDER.stream(waits))
    assert (row.country, row.confirmed_at) == ("GB", AT)
    models.OrderToShip.objects.all().delete()
    rebuilds.rebuild(installed.name)
    assert waiting() == {waits}


def test_it_knows_the_latest_parcels_of_a_carrier(database, monkeypatch):
    *_, code = pages.blocks(PAGE, "python")
    name = "orders.projections.carrier_parcels"
    monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    exec(compile(code, PAGE, "exec"), sys.modules[name].__dict__)
    projection = sys.modules[name].CarrierParcels()
    monkeypatch.setattr(registry, "all", lambda: {projection.name: projection})
    first, last = (order(ConfirmOrder(), ship()) for _ in range(2))
    while runner.run_round(worker="tests").advanced:
        pass
    found = latest.of(projection.name, ship().carrier)
    assert [each["order"] for each in found] == [f"order-{last}", f"order-{first}"]


@pytest.mark.parametrize("page", PAGES)
def test_it_shows_commands_that_work(page, process_environment, tmp_path):
    order(ConfirmOrder())
    while runner.run_round(worker="tests").advanced:
        pass
    with nursery.opened(process_environment) as children:
        children.start("follower")
        children.start("operator")
        pages.run(page, process_environment, tmp_path)
