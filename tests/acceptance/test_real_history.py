"""The real files, imported by the command line and read back from the read tables.

What is expected is in the files' own IMPORT.md and expected_orders.json, which were
computed without this project.
"""

import csv
import json
import subprocess
import sys
import time
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db import connections

from eventstore import store
from projections import registry, runner
from tests.acceptance import history_queries, history_rebuilds
from tests.integration.orders import read_models
from tests.integration.orders.reading import Reader, flush
from tests.integration.projections import rebuilds
from tests.unit.orders_imports import samples

MANAGE = Path(__file__).resolve().parents[2] / "manage.py"
RETAIL = "online-retail/online_retail.csv.xz"
RETAIL_ORDERS = "online-retail/expected_orders.json"
OCEL2 = "ocel2-order-management/order-management.json.xz"
SALES_DAILY = "/api/v1/queries/sales/daily"
SALES_FUNNEL = "/api/v1/queries/sales/funnel"
FIGURES = ("orders", "lines", "units", "placed", "returned_units", "refunded")

SUMMARY = """
SELECT count(*) AS orders,
       sum(line_count) AS lines,
       sum(total) AS placed,
       count(*) FILTER (WHERE total = 0) AS free,
       max(line_count) AS most_lines,
       sum(returned_units) AS returned_units,
       sum(refunded) AS refunded,
       count(*) FILTER (WHERE returned_units > 0) AS with_returns,
       count(*) FILTER (WHERE fulfillment_status = 'returned') AS fully_returned,
       count(*) FILTER (WHERE status = 'completed') AS completed,
       count(*) FILTER (WHERE status = 'confirmed') AS confirmed
FROM orders_order_summary
"""

LARGEST = """
SELECT external_reference
FROM orders_order_summary
WHERE line_count = %s
"""

GROUPED = """
SELECT {key} AS key,
       count(*) AS orders,
       sum(line_count) AS lines,
       sum(units) AS units,
       sum(total) AS placed,
       sum(returned_units) AS returned_units,
       sum(refunded) AS refunded
FROM orders_order_summary
GROUP BY 1
"""

# What went back counts on its own day, which only the whole order tells.
REFUNDED = """
SELECT to_char((refund ->> 'at')::timestamptz AT TIME ZONE 'UTC', %s) AS key,
       sum((refund ->> 'amount')::numeric) AS refunded
FROM orders_order_detail
CROSS JOIN jsonb_array_elements("order" -> 'refunds') AS refund
GROUP BY 1
"""

BY_SKU = """
SELECT line ->> 'sku' AS key,
       count(DISTINCT order_id) AS orders,
       count(*) AS lines,
       sum((line ->> 'quantity')::int) AS units,
       sum((line ->> 'quantity')::int * (line ->> 'unit_price')::numeric) AS placed,
       sum(coalesce((line ->> 'returned')::int, 0)) AS returned_units,
       sum(coalesce((line ->> 'returned')::int, 0) * (line ->> 'unit_price')::numeric)
           AS refunded
FROM orders_order_detail
CROSS JOIN jsonb_array_elements("order" -> 'lines') AS line
GROUP BY 1
"""

# The same from the sums that are kept, on the days of their own events.
DAILY = """
SELECT {key} AS key,
       sum(orders) AS orders,
       sum(lines) AS lines,
       sum(units) AS units,
       sum(placed) AS placed,
       sum(returned_units) AS returned_units,
       sum(refunded) AS refunded
FROM orders_sales_daily
GROUP BY 1
"""

EVENT_TYPES = "SELECT type, count(*) FROM eventstore_event GROUP BY type"


class Importing:
    """`manage.py import_orders` on one file, in a folder of its own."""

    def __init__(
        self, file: str, format: str, folder: Path, environment: dict[str, str]
    ) -> None:
        self.folder = folder
        self.file = samples.full_file(file)
        self._arguments = ["import_orders", str(self.file), "--format", format]
        self._environment = environment

    def start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, str(MANAGE), *self._arguments, "--json"],
            cwd=self.folder,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def run(self) -> dict[str, Any]:
        running = self.start()
        out, _ = running.communicate(timeout=300)
        assert running.returncode == 0
        summary: dict[str, Any] = json.loads(out)
        return summary

    def kill_at(self, events: int) -> None:
        """Starts the import, and kills it when the log has more than so many events."""
        running = self.start()
        try:
            deadline = time.monotonic() + 120
            while store.head() <= events and time.monotonic() < deadline:
                assert running.poll() is None, "it ended before it was killed"
                time.sleep(0.02)
        finally:
            running.kill()
            running.communicate()

    def reasons(self) -> Counter[str]:
        path = self.folder / f"{self.file.name}.rejects.csv"
        with path.open(newline="", encoding="utf-8") as file:
            return Counter(row["reason"] for row in csv.DictReader(file))


def project() -> None:
    while runner.run_round(worker="tests").advanced:
        pass


def select(sql: str, *parameters: object) -> list[dict[str, Any]]:
    with connections["read"].cursor() as cursor:
        cursor.execute(sql, parameters)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def event_types() -> dict[str, int]:
    with connections["default"].cursor() as cursor:
        cursor.execute(EVENT_TYPES)
        return dict(cursor.fetchall())


def keyed(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {row.pop("key"): row for row in rows}


def expected(group: str, *names: str) -> dict[str, dict[str, Decimal]]:
    groups = json.loads(samples.full_file(RETAIL_ORDERS).read_text())[group]
    return {
        key: {name: Decimal(figures[name]) for name in names}
        for key, figures in groups.items()
    }


def assert_groups(rows: list[dict[str, Any]], group: str, *names: str) -> None:
    """What is expected of a group is among the rows, which may have more."""
    found, wanted = keyed(rows), expected(group, *names)
    assert wanted
    assert {
        key: {name: found.get(key, {}).get(name, 0) for name in names} for key in wanted
    } == wanted


def assert_api() -> None:
    """What the API answers of the days and months, a year at a time."""
    reader = Reader()
    years = [("2010-01-01", "2010-12-31"), ("2011-01-01", "2011-12-31")]
    queries = [{"from": first, "to": last} for first, last in years]
    days = [
        day
        for query in queries
        for day in reader.get(SALES_DAILY, query).json()["data"]
    ]
    for group, length in (("by_day_december_2010", 10), ("by_month", 7)):
        sums: dict[str, Counter[str]] = defaultdict(Counter)
        for day in days:
            for name in FIGURES:
                sums[day["date"][:length]][name] += Decimal(day[name])
        rows = [{"key": key, **figures} for key, figures in sums.items()]
        assert_groups(rows, group, *FIGURES)
    for country, figures in expected("by_country", *FIGURES).items():
        rows = [
            day
            for query in queries
            for day in reader.get(SALES_DAILY, {**query, "country": country}).json()[
                "data"
            ]
        ]
        assert figures == {
            name: sum(Decimal(row[name]) for row in rows) for name in FIGURES
        }
    funnels = [reader.get(SALES_FUNNEL, query).json()["reached"] for query in queries]
    reached = Counter[str]()
    for each in funnels:
        reached.update(each)
    assert dict(reached) == {
        "placed": 20_725,
        "confirmed": 20_725,
        "paid": 20_725,  # the free ones as well
        "shipped": 20_725,
        "delivered": 0,
        "completed": 0,
        "cancelled": 0,
        "returned": 161,
    }


def test_it_turns_online_retail_into_orders_to_the_last_penny(
    process_environment, tmp_path
):
    importing = Importing(RETAIL, "online-retail", tmp_path, process_environment)
    importing.kill_at(40_000)
    before = store.head()
    summary = importing.run()
    assert 40_000 < before < store.head()
    assert summary["read"] == 541_909 == summary["imported"] + 3_111
    assert summary["new_events"] == summary["events"] - before

    again = importing.run()
    assert (again["new_orders"], again["new_events"]) == (0, 0)
    assert (again["orders"], again["events"]) == (20_725, summary["events"])

    assert event_types() == {
        "OrderPlaced": 20_725,
        "OrderConfirmed": 20_725,
        "PaymentCaptured": 20_725 - 766,
        "ShipmentSent": 20_725,
        "LinesReturned": 3_849,
        "PaymentRefunded": 3_848,  # one of the returns was of something free
    }
    assert importing.reasons() == {
        "stock-write-off": 1_336,
        "no-matching-purchase": 1_335,
        "no-customer": 383,
        "partly-matched": 54,
        "adjustment": 3,
    }

    project()
    assert select(SUMMARY) == [
        {
            "orders": 20_725,
            "lines": 531_282,
            "placed": Decimal("10655622.484"),
            "free": 766,
            "most_lines": 1_114,
            "returned_units": 250_838,
            "refunded": Decimal("515404.90"),
            "with_returns": 3_265,
            "fully_returned": 161,
            "completed": 0,
            "confirmed": 20_725,
        }
    ]
    largest = select(LARGEST, 1_114)
    assert largest == [{"external_reference": "573585"}]
    placed = ("orders", "lines", "units", "placed")
    month, day = (
        f"to_char(placed_at AT TIME ZONE 'UTC', '{each}')"
        for each in ("YYYY-MM", "YYYY-MM-DD")
    )
    assert_groups(select(GROUPED.format(key="country")), "by_country", *FIGURES)
    assert_groups(
        select(GROUPED.format(key="customer_id")), "by_customer_top_50", *FIGURES
    )
    assert_groups(select(BY_SKU), "by_sku_top_50", *FIGURES)
    assert_groups(select(GROUPED.format(key=month)), "by_month", *placed)
    assert_groups(select(GROUPED.format(key=day)), "by_day_december_2010", *placed)
    assert_groups(select(REFUNDED, "YYYY-MM"), "by_month", "refunded")
    assert_groups(select(REFUNDED, "YYYY-MM-DD"), "by_day_december_2010", "refunded")
    month, day = (f"to_char(date, '{each}')" for each in ("YYYY-MM", "YYYY-MM-DD"))
    assert_groups(select(DAILY.format(key="country")), "by_country", *FIGURES)
    assert_groups(select(DAILY.format(key=month)), "by_month", *FIGURES)
    assert_groups(select(DAILY.format(key=day)), "by_day_december_2010", *FIGURES)
    history_queries.check()

    assert_api()

    damaged = {name: history_rebuilds.check(name) for name in history_rebuilds.DAMAGE}
    assert damaged["order_summary"][-1] == 20_725
    assert all(0 < count < 20_725 for count in damaged["order_summary"][:-1])


def test_it_turns_the_ocel2_log_into_completed_orders(process_environment, tmp_path):
    importing = Importing(OCEL2, "ocel2", tmp_path, process_environment)
    importing.kill_at(3_000)
    summary = importing.run()
    assert (summary["read"], summary["ignored"], summary["rejected"]) == (
        21_008,
        11_875,
        0,
    )
    again = importing.run()
    assert (again["new_orders"], again["new_events"]) == (0, 0)
    assert event_types() == {
        "OrderPlaced": 2_000,
        "OrderConfirmed": 2_000,
        "OrderCompleted": 2_000,
        "PaymentCaptured": 2_000,
        "NoteAdded": 566,
        "ShipmentSent": 4_264,
        "ShipmentDelivered": 4_264,
        "DeliveryFailed": 1_117,
    }
    project()
    (found,) = select(SUMMARY)
    assert (found["orders"], found["completed"]) == (2_000, 2_000)
    assert found["placed"] == Decimal("4761909.99")
    states = select(
        "SELECT DISTINCT payment_status, fulfillment_status FROM orders_order_summary"
    )
    assert states == [{"payment_status": "paid", "fulfillment_status": "delivered"}]
    assert read_models.wrong() == {}
    for name in registry.all():
        before = history_rebuilds.contents(name)
        operation = rebuilds.rebuild(name)
        for counts in operation.result["comparison"]["tables"].values():
            assert counts["old"] == counts["new"]
            assert counts["differing"] == counts["only_old"] == counts["only_new"] == 0
        assert history_rebuilds.contents(name) == before
    flush()
    project()
    assert read_models.wrong() == {}
