"""Several streams add to one row: nothing is lost, doubled, or left in (P2)."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from cqrs_site import configuration
from orders import models
from orders.domain.commands import AddLine, CancelOrder, ConfirmOrder
from orders.projections.sales_daily import DAYS, SalesDaily
from orders.streams import ORDER
from projections import checkpoints, control, dead_letters, row_sql
from projections.batch import Outcome
from projections.models import DeadLetter
from projections.projection import Table
from tests import cleaning
from tests.integration.eventstore import sessions
from tests.integration.projections import accounts, rebuilds, sales
from tests.integration.projections.sales import NAME, by_country, catch_up, place_in
from tests.unit.orders.builders import cancel_lines

pytestmark = pytest.mark.usefixtures("database")

CONSTRAIN = "ALTER TABLE {0} ADD CONSTRAINT few CHECK ({1})"
RELEASE = "ALTER TABLE {0} DROP CONSTRAINT few"
MORE = AddLine(sku="MORE", name="More", quantity=3, unit_price=Decimal("5.00"))


class Bug(Exception):
    pass


@pytest.fixture
def two_partitions(settings):
    settings.CQRS = configuration.load(
        str(settings.BASE_DIR / "cqrs.yaml"),
        environ={"CQRS__QUERY_SIDE__PROJECTIONS__SALES_DAILY__PARTITIONS": "2"},
    )


@pytest.fixture
def bug(monkeypatch):
    """Code that fails at a line MORE, after it has counted it."""
    fold = SalesDaily.fold

    def failing(self, rows, event):
        fold(self, rows, event)
        if getattr(event.data, "sku", None) == "MORE":
            raise Bug("more")

    monkeypatch.setattr(SalesDaily, "fold", failing)


@pytest.fixture
def blocked(two_partitions):
    """Starts batches that meet on rows of GB and PL, which exist."""
    place_in("GB", "PL")
    catch_up()
    with (
        sessions.opened(cleaning.read_tables()) as open_session,
        ThreadPoolExecutor(2) as pool,
    ):
        yield sales.Blocked(pool, open_session(autocommit=True))


@pytest.fixture
def refusing():
    """refusing(table, condition): the database refuses rows that do not meet it."""
    with sessions.opened(cleaning.read_tables()) as open_session:
        owner = open_session(autocommit=True)
        constrained = []

        def constrain(table: str, condition: str) -> None:
            owner.execute(CONSTRAIN.format(table, condition))
            constrained.append(table)

        yield constrain
        for table in constrained:
            owner.execute(RELEASE.format(table))


def test_it_adds_what_all_streams_add():
    place_in("GB", "GB", "PL")
    catch_up()
    (first, *_) = place_in("GB", "PL")
    sales.ask(first, MORE)
    catch_up()
    assert by_country() == {"GB": (3, 33), "PL": (2, 20)}


@pytest.mark.parametrize(
    ("projection", "after"), [(SalesDaily(), (3, 30)), (sales.Naive(), (2, 20))]
)
def test_it_loses_no_addition_of_two_partitions_at_once(blocked, projection, after):
    place_in("GB", partition=0)
    place_in("GB", partition=1)
    with sales.row_locked("GB"):
        batches = [blocked.start(number, projection) for number in (0, 1)]
    assert [each.result() for each in batches] == [Outcome.ADVANCED] * 2
    assert by_country()["GB"] == after


def test_it_lets_two_partitions_wait_for_each_other_in_one_order_only(blocked):
    place_in("GB", "PL", partition=0)
    place_in("PL", "GB", partition=1)
    with sales.row_locked("GB"):
        batches = [blocked.start(number) for number in (0, 1)]
    assert [each.result() for each in batches] == [Outcome.ADVANCED] * 2
    assert by_country() == {"GB": (3, 30), "PL": (3, 30)}


def test_it_keeps_that_order_where_a_refused_row_is_searched(blocked, refusing):
    """Each partition adds in several statements, in one of them PL before GB."""
    streams = [("FR", "GB", "PL", "PL"), ("DE", "PL", "GB", "GB")]
    for number, countries in enumerate(streams):
        (refused, *_) = place_in(*countries, partition=number)
        sales.ask(refused, CancelOrder(reason="r"))
    refusing("orders_order_sales", "version < 2")
    with sales.row_locked("GB"):
        batches = [blocked.start(number) for number in (0, 1)]
    assert [each.result() for each in batches] == [Outcome.ADVANCED] * 2
    of_one = {"FR": (1, 10), "DE": (1, 10)}
    assert by_country() == {"GB": (4, 40), "PL": (4, 40), **of_one}
    assert DeadLetter.objects.count() == 2


def test_it_leaves_nothing_of_a_failing_event_in(bug, monkeypatch):
    failing, other = place_in("GB", "GB")
    sales.ask(failing, MORE, ConfirmOrder(), cancel_lines(line1=2))
    sales.ask(other, ConfirmOrder(), cancel_lines(line1=1))
    place_in("PL")
    catch_up()
    # The order as it stood before the failing event, and all of the others.
    assert by_country() == {"GB": (2, 20), "PL": (1, 10)}
    assert models.SalesDaily.objects.get(country="GB").cancelled == 5
    monkeypatch.undo()
    (letter,) = DeadLetter.objects.all()
    assert control.retry(letter.pk, actor=accounts.ADA, reason="mended") is True
    assert by_country() == {"GB": (2, 23), "PL": (1, 10)}
    assert models.SalesDaily.objects.get(country="GB").cancelled == 15


def test_it_adds_nothing_of_an_event_that_is_skipped(bug):
    (failing,) = place_in("GB")
    sales.ask(failing, MORE, ConfirmOrder(), cancel_lines(line1=2))
    catch_up()
    (letter,) = DeadLetter.objects.all()
    assert control.skip(letter.pk, actor=accounts.ADA, reason="a double entry") is True
    assert by_country() == {"GB": (1, 10)}
    assert models.SalesDaily.objects.get(country="GB").cancelled == 10


def test_it_adds_nothing_twice_when_a_held_stream_fails_again(bug):
    (failing,) = place_in("GB")
    sales.ask(failing, MORE)
    catch_up()
    (letter,) = DeadLetter.objects.all()
    for _ in range(3):
        assert dead_letters.retry(letter.pk) is False
    assert by_country() == {"GB": (1, 10)}


@pytest.mark.parametrize(
    ("table", "condition"),
    [("orders_order_sales", "version < 2"), ("orders_sales_daily", "units <> 33")],
    ids=["the stream's own row", "the shared row"],
)
def test_it_finds_whose_row_the_database_refuses(refusing, table, condition):
    others = place_in("GB", "GB")
    (refused,) = place_in("GB")
    sales.ask(refused, MORE)
    refusing(table, condition)
    catch_up()
    assert by_country() == {"GB": (3, 30)}
    assert [each.stream for each in DeadLetter.objects.all()] == [ORDER.stream(refused)]
    assert len(others) == models.OrderSales.objects.exclude(pk=refused).count()


def test_it_keeps_a_row_of_zeros():
    """Else it would depend on the batches whether the row is there."""
    (moved,) = place_in("GB")
    catch_up()
    sales.move(moved, "PL")
    catch_up()
    before = sales.stored()
    assert by_country() == {"GB": (0, 0), "PL": (1, 10)}
    operation = rebuilds.rebuild(NAME)
    compared = operation.result["comparison"]["tables"][DAYS.name]
    assert (compared["old"], compared["new"], compared["differing"]) == (2, 2, 0)
    assert sales.stored() == before


def test_it_is_rebuilt_into_the_same_rows_in_more_partitions():
    for _ in range(6):
        for id in place_in("GB", "PL", "FR"):
            sales.ask(id, MORE, ConfirmOrder(), cancel_lines(line1=2))
    catch_up()
    before = sales.stored()
    rebuilds.rebuild(NAME, partitions=4)
    assert len(checkpoints.live(NAME)) == 4
    assert sum(bool(each.events_folded) for each in checkpoints.live(NAME)) > 1
    assert sales.stored() == before
    assert by_country() == dict.fromkeys(["GB", "PL", "FR"], (6, 78))


def test_it_finds_and_replaces_rows_by_keys_of_several_columns():
    key = [(sales.DAY, "EUR", country) for country in ("GB", "PL", "FR")]
    own = Table(models.SalesDaily, key_of=lambda event: key[0])
    nothing = {each.attname: 0 for each in own.other_fields}
    rows = [models.SalesDaily(pk=each, **nothing) for each in key]
    row_sql.write(own, rows, using="read")
    rows[1].units = 7
    row_sql.write(own, rows[1:2], using="read")
    found = row_sql.load(own, [*key[:2], (sales.DAY, "GBP", "GB")], using="read")
    assert {each: row.units for each, row in found.items()} == {key[0]: 0, key[1]: 7}
    row_sql.delete(own, key[:2], using="read")
    assert [row.pk for row in models.SalesDaily.objects.all()] == key[2:]
