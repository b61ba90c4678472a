"""Orders of several countries, which all add to the rows of one day's sales."""

from concurrent.futures import Future
from contextlib import contextmanager
from datetime import UTC, date, datetime
from uuid import UUID, uuid4

from django.db import connections
from django.db.models import Sum
from msgspec import structs

from eventstore import commands
from orders import models
from orders.domain.commands import ChangeShippingAddress, OrderCommand
from orders.domain.values import Address
from orders.projections.sales_daily import DAYS, SalesDaily
from orders.streams import ORDER
from projections import batch, checkpoints, partitions, registry, runner
from projections.batch import Outcome
from projections.projection import Rows, Table
from tests import cleaning
from tests.integration.eventstore import sessions
from tests.integration.projections import accounts
from tests.unit.orders.builders import ADDRESS, place

NAME = "sales_daily"
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = AT.date()


def ask(id: UUID, *asked: OrderCommand, at: datetime = AT) -> None:
    for command in asked:
        context = commands.Context(actor="tests")
        commands.handle(ORDER, id, command, at=at, context=context)


def place_in(*countries: str, partition: int | None = None) -> list[UUID]:
    """An order of ten units in each; in a partition of two, if one is named."""
    ids = []
    for country in countries:
        id = uuid4()
        while partition not in (None, partitions.bucket(ORDER.stream(id), 2)):
            id = uuid4()
        ask(id, place(shipping_address=_address(country)))
        ids.append(id)
    return ids


def move(id: UUID, country: str) -> None:
    ask(id, ChangeShippingAddress(shipping_address=_address(country)))


def catch_up() -> None:
    while runner.run_round(worker="tests").advanced:
        pass


def by_country() -> dict[str, tuple[int, int]]:
    """Orders and units."""
    found = models.SalesDaily.objects.values("country").annotate(
        all_orders=Sum("orders"), all_units=Sum("units")
    )
    return {each["country"]: (each["all_orders"], each["all_units"]) for each in found}


def stored() -> list[tuple]:
    """All rows of the day's sales, whole."""
    return sorted(models.SalesDaily.objects.values_list())


def advance(number: int, *, projection: SalesDaily | None = None) -> Outcome:
    """One batch of a partition, with all that it has not folded yet."""
    checkpoint = checkpoints.live(NAME)[number]
    return batch.advance(
        projection or registry.get(NAME),
        checkpoint,
        accounts.window(checkpoint),
        epoch=accounts.epoch(),
        worker="tests",
    ).outcome


class Blocked:
    """Batches that begin while somebody has a row of the day's sales locked."""

    def __init__(self, pool, watcher: sessions.Session) -> None:
        self._pool, self._watcher = pool, watcher

    def start(self, number: int, projection: SalesDaily | None = None) -> Future:
        """Returns when the partition's batch waits for somebody."""
        pids: list[int] = []
        batch = self._pool.submit(self._advance, number, projection, pids)
        sessions.wait_until(lambda: pids or batch.done())
        sessions.wait_for_lock(self._watcher, pids[0])
        return batch

    def _advance(self, number, projection, pids) -> Outcome:
        try:
            with connections["read"].cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                pids.append(cursor.fetchone()[0])
            return advance(number, projection=projection)
        finally:
            connections.close_all()


@contextmanager
def row_locked(country: str):
    """Somebody else holds a row of the day's sales until the block ends."""
    with sessions.opened(cleaning.read_tables()) as open_session:
        holder = open_session()
        found = holder.execute(
            "SELECT 1 FROM orders_sales_daily WHERE country = %s FOR UPDATE", [country]
        )
        assert found.fetchone()
        yield


def _address(country: str) -> Address:
    return structs.replace(ADDRESS, country=country)


def _naive_key(event) -> tuple[date, str, str]:
    return DAY, event.data.currency, event.data.shipping_address.country


class Naive(SalesDaily):
    """Loads the day's row, changes it and writes it back: fine in one partition."""

    DAYS = Table(models.SalesDaily, key_of=_naive_key)
    tables = (DAYS,)

    def fold(self, rows: Rows, event) -> None:
        key = _naive_key(event)
        nothing = {each.attname: 0 for each in DAYS.other_fields}
        row = rows.get(self.DAYS, key) or models.SalesDaily(pk=key, **nothing)
        row.orders += 1
        row.units += 10
        rows.put(self.DAYS, row)
