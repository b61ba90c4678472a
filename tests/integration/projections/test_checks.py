"""System checks: each fires when the thing it is for is broken, and only then."""

from uuid import UUID

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import connections, models, transaction
from django.test.utils import isolate_apps

from orders.domain import events
from orders.models import OrderDetail
from orders.projections import customer_summary, order_detail, sales_daily
from projections import checks, registry
from projections.projection import Projection, Table
from tests import cleaning
from tests.integration.eventstore import sessions
from tests.loyalty.projections.balance import LoyaltyBalance

pytestmark = pytest.mark.usefixtures("database")

ON = "ON orders_sales_daily"
OBSTACLES = {
    "foreign key to it": """CREATE TABLE other (
        date date, currency text, country text,
        CONSTRAINT to_it FOREIGN KEY (date, currency, country)
            REFERENCES orders_sales_daily
    )""",
    "foreign key from it": """CREATE TABLE other (country text PRIMARY KEY);
        ALTER TABLE orders_sales_daily ADD CONSTRAINT from_it
            FOREIGN KEY (country) REFERENCES other""",
    "trigger": f"""CREATE FUNCTION other() RETURNS trigger
        LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
        CREATE TRIGGER at_it AFTER INSERT {ON} EXECUTE FUNCTION other()""",
    "view": "CREATE VIEW over_it AS SELECT date FROM orders_sales_daily",
    "materialised view": """CREATE MATERIALIZED VIEW over_it AS
        SELECT count(*) FROM orders_sales_daily""",
}
# A column that is no column of a shared table.
WRONG = {
    "text": models.TextField(),
    "moment": models.DateTimeField(),
    "no zero": models.IntegerField(null=True),
    "not exact": models.FloatField(),
    "not negative": models.PositiveIntegerField(),
    "one row only": models.BigIntegerField(unique=True),
}


def found() -> list[str]:
    messages = [
        *checks.check_declarations(),
        *checks.check_tables(databases=["default", "read"]),
    ]
    return [each.id for each in messages]


@pytest.mark.parametrize("lacks", ["erase", "reads"])
def test_it_wants_personal_texts_to_be_erased(monkeypatch, lacks):
    lacking = {
        "erase": Projection.erase,
        "reads": [events.OrderPlaced],
    }
    monkeypatch.setattr(order_detail.OrderDetail, lacks, lacking[lacks])
    assert found() == ["projections.E005"]


def test_it_finds_nothing_in_the_projections_there_are():
    assert found() == []


@pytest.mark.parametrize("sql", OBSTACLES.values(), ids=OBSTACLES)
def test_it_finds_what_a_swap_would_leave_behind(sql):
    with transaction.atomic("read"), connections["read"].cursor() as cursor:
        cursor.execute(sql)
        assert set(found()) == {"projections.E003"}
        transaction.set_rollback(True, using="read")
    assert found() == []


@pytest.mark.parametrize("field", WRONG.values(), ids=WRONG)
def test_it_finds_columns_to_which_nothing_can_be_added(monkeypatch, field):
    with isolate_apps("tests.loyalty"):

        class Wrong(models.Model):
            name = models.TextField(primary_key=True)
            right = models.DecimalField(max_digits=9, decimal_places=2)
            column = field.clone()

            class Meta:
                app_label = "loyalty"
                db_table = "not_there"

        monkeypatch.setattr(LoyaltyBalance, "tables", (Table(Wrong, shared=True),))
        anew(monkeypatch)
        (message,) = checks.check_declarations()
    assert message.id == "projections.E001"
    assert "column column" in message.msg


@pytest.mark.parametrize(
    "key_of",
    [
        lambda event: event.occurred_at,
        lambda event: event.data.order_id,
        lambda event: UUID(event.metadata["order_id"]),
    ],
    ids=["without the stream", "of the data", "of the metadata"],
)
def test_it_finds_keys_that_are_not_of_the_stream(monkeypatch, key_of):
    wrong = Table(OrderDetail, key_of=key_of)
    monkeypatch.setattr(order_detail.OrderDetail, "tables", (wrong,))
    anew(monkeypatch)
    assert found() == ["projections.E002"]


def test_it_finds_a_table_that_two_projections_write(monkeypatch):
    both = (sales_daily.ORDERS, sales_daily.DAYS, customer_summary.ORDERS)
    monkeypatch.setattr(sales_daily.SalesDaily, "tables", both)
    anew(monkeypatch)
    assert found() == ["projections.E004"]


def test_it_looks_at_the_read_tables_database_only(settings):
    settings.READ_DATABASE_IS_SEPARATE = True
    with transaction.atomic("read"), connections["read"].cursor() as cursor:
        cursor.execute(OBSTACLES["view"])
        assert checks.check_tables(databases=["default"]) == []
        assert checks.check_tables(databases=None) == []
        assert checks.check_tables(databases=["read"]) != []
        transaction.set_rollback(True, using="read")


def test_it_stops_the_check_command():
    with sessions.opened(cleaning.read_tables()) as open_session:
        owner = open_session(autocommit=True)
        owner.execute(OBSTACLES["view"])
        try:
            with pytest.raises(SystemCheckError, match="the view over_it"):
                call_command("check", databases=["default", "read"])
        finally:
            owner.execute("DROP VIEW over_it")


def test_it_finds_nothing_wrong_before_the_first_migration():
    with transaction.atomic("read"), connections["read"].cursor() as cursor:
        cursor.execute("ALTER TABLE orders_sales_daily RENAME TO not_yet")
        assert found() == []
        transaction.set_rollback(True, using="read")


def anew(monkeypatch) -> None:
    """Projections that know no tables yet but those they now declare."""
    made = {name: type(each)() for name, each in registry.all().items()}
    monkeypatch.setattr(registry, "all", lambda: made)
