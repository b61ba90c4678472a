"""GET sales/daily: sums over countries by days of UTC, and refusals."""

import csv
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from eventstore import store
from orders.domain.commands import CancelOrder
from tests.integration.eventstore import sessions
from tests.integration.orders import independent_sales
from tests.integration.orders.reading import project
from tests.integration.orders.shop import assert_problem
from tests.integration.orders.test_sales_daily import histories
from tests.integration.projections import sales
from tests.integration.projections.sales import AT, ask, move, place_in

DAILY = "/api/v1/queries/sales/daily"
MARCH = {"from": "2026-03-01", "to": "2026-03-31"}
NOTHING = dict.fromkeys(("orders", "lines", "units", "returned_units"), 0)
NOTHING |= dict.fromkeys(("placed", "cancelled", "refunded"), "0.00")
PLACED = {"orders": 1, "lines": 1, "units": 10, "placed": "50.00"}


def daily(reader, query=MARCH, **headers):
    answer = reader.get(DAILY, query, **headers)
    assert answer.status_code == 200, answer.content
    return answer.json()["data"]


def test_it_sums_over_countries_unless_one_is_given(reader):
    place_in("GB", "FR", "FR")
    sales.catch_up()
    (every,) = daily(reader)
    assert every == {
        **NOTHING,
        "date": "2026-03-01",
        "currency": "EUR",
        "orders": 3,
        "lines": 3,
        "units": 30,
        "placed": "150.00",
    }
    (french,) = daily(reader, {**MARCH, "country": "FR"})
    assert (french["orders"], french["placed"]) == (2, "100.00")
    assert daily(reader, {**MARCH, "country": "PL"}) == []
    assert daily(reader, {**MARCH, "currency": "USD"}) == []


def test_it_includes_both_days(reader):
    (order,) = place_in("GB")
    ask(order, CancelOrder(reason="r"), at=AT + timedelta(days=2))
    sales.catch_up()
    first, last = "2026-03-01", "2026-03-03"
    found = daily(reader, {"from": first, "to": last})
    assert [each["date"] for each in found] == [first, last]
    assert found[1] == {
        **NOTHING,
        "date": last,
        "currency": "EUR",
        "cancelled": "50.00",
    }
    assert daily(reader, {"from": "2026-03-02", "to": "2026-03-02"}) == []


def test_it_shows_no_row_for_what_has_moved_away(reader):
    (order,) = place_in("GB")
    move(order, "FR")
    sales.catch_up()
    assert daily(reader, {**MARCH, "country": "GB"}) == []
    assert len(daily(reader)) == 1


def test_it_answers_thirty_days_up_to_today_unless_told(reader):
    today = datetime.now(UTC).replace(hour=12)
    for back in (0, 29, 30):
        (order,) = place_in("GB")
        ask(order, CancelOrder(reason="r"), at=today - timedelta(days=back))
    sales.catch_up()
    assert [each["cancelled"] for each in daily(reader, {})] == ["50.00"] * 2


def test_it_equals_an_independent_computation(reader):
    histories(7)
    project()
    with sessions.opened() as open_session:
        rows = independent_sales.expected(open_session())
    wanted: dict[tuple, list] = {}
    for (day, currency, _), sums in rows.items():
        so_far = wanted.setdefault((day.isoformat(), currency), [0] * len(sums))
        wanted[day.isoformat(), currency] = [
            a + b for a, b in zip(so_far, sums, strict=True)
        ]
    days = {day for day, _, _ in rows}
    query = {"from": min(days).isoformat(), "to": max(days).isoformat()}
    found = {
        (each["date"], each["currency"]): [
            Decimal(each[name]) for name in independent_sales.COLUMNS
        ]
        for each in daily(reader, query)
    }
    assert found == {key: sums for key, sums in wanted.items() if any(sums)}
    assert len(found) > 10


@pytest.mark.parametrize(
    ("query", "pointer", "code"),
    [
        ("from=2026-02-30", "/from", "invalid"),
        ("to=yesterday", "/to", "invalid"),
        ("from=2026-03-01T00:00:00Z", "/from", "invalid"),
        ("to=20260301", "/to", "invalid"),
        ("from=2026-03-02&to=2026-03-01", "/from", "out-of-range"),
        ("from=2025-01-01&to=2026-01-02", "/from", "out-of-range"),
        ("from=", "/from", "blank"),
        ("from=2026-03-01&from=2026-03-02", "/from", "repeated-parameter"),
        ("limit=5", "/limit", "unknown-parameter"),
        ("country=a%00b", "/country", "invalid"),
        ("currency=EURO", "/currency", "invalid"),
        ("format=xml", "/format", "unknown-choice"),
    ],
)
def test_it_refuses_what_it_cannot_report(reader, query, pointer, code):
    problem = assert_problem(reader.get(f"{DAILY}?{query}"), 422, "invalid")
    (fault,) = problem["errors"]
    assert (fault["pointer"], fault["code"]) == (pointer, code)


@pytest.mark.parametrize(
    "query",
    [
        {"from": "2024-01-01", "to": "2024-12-31"},
        {"to": "0001-01-01"},
        {"from": "9999-12-31", "to": "9999-12-31"},
    ],
)
def test_it_takes_the_longest_and_the_oddest_spans(reader, query):
    assert daily(reader, query) == []


def test_it_waits_for_the_write_of_a_token(shop, reader):
    project()
    order_id = shop.place()
    token = shop.change(order_id, "confirm")["Consistency-Token"]
    headers = {"Consistency_Token": token, "Prefer": "wait=0"}
    assert_problem(reader.get(DAILY, **headers), 503, "read-model-behind")
    project()
    answer = reader.get(DAILY, **headers)
    assert answer["Read-Position"] == str(store.head())
    (today,) = answer.json()["data"]
    assert today == {**today, **PLACED, "date": datetime.now(UTC).date().isoformat()}


def test_it_exports_the_same_as_csv(reader):
    place_in("GB", "FR")
    sales.catch_up()
    answer = reader.get(DAILY, {**MARCH, "country": "FR"}, Accept="text/csv")
    assert answer["Content-Type"].startswith("text/csv")
    assert answer["Read-Position"] == str(store.head())
    (row,) = csv.DictReader(answer.getvalue().decode().splitlines())
    (shown,) = daily(reader, {**MARCH, "country": "FR"})
    assert row == {name: str(value) for name, value in shown.items()}
