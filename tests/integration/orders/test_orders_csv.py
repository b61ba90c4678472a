"""The list of orders as CSV: all of it, filtered as the list is, in bounded memory."""

import csv
from random import Random

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from api import csv_answers, cursors
from orders import models
from tests.faults import order_lives
from tests.integration.orders.reading import ORDERS, project
from tests.integration.orders.shop import assert_problem

AS_CSV = {"Accept": "text/csv"}


def rows_of(answer):
    assert answer.status_code == 200, answer.content
    text = b"".join(answer.streaming_content).decode()
    return list(csv.DictReader(text.splitlines(keepends=True)))


def test_it_shows_what_the_list_shows(shop, reader):
    odd = 'a "quoted", odd one'
    shop.place(external_reference=odd, customer_id="=1+1")
    shop.place()
    project()
    plain, quoted = rows_of(reader.get(ORDERS, **AS_CSV))
    assert (quoted["external_reference"], quoted["customer_id"]) == (odd, "=1+1")
    assert plain["external_reference"] == ""
    listed = reader.page()["data"]
    for row, shown in zip((plain, quoted), listed, strict=True):
        texts = {name: "" if v is None else str(v) for name, v in shown.items()}
        assert row == texts


def test_it_can_be_asked_for_by_a_link(shop, reader):
    shop.place()
    project()
    link = reader.get(f"{ORDERS}?format=csv", Accept="text/html,*/*;q=0.8")
    assert link["Content-Disposition"] == 'attachment; filename="orders.csv"'
    assert len(rows_of(link)) == 1
    as_json = reader.get(f"{ORDERS}?format=json", **AS_CSV)
    assert len(as_json.json()["data"]) == 1


def test_it_has_a_head_without_any_order(reader):
    answer = reader.get(ORDERS, **AS_CSV)
    assert b"".join(answer.streaming_content).startswith(b"order_id,external_refe")


@pytest.mark.parametrize("ordering", ["placed_at", "-total", "updated_at"])
def test_it_exports_every_order_once_in_order(database, reader, ordering):
    made = order_lives.append(Random(3), 4_000)
    project()
    assert len(made) > 2 * cursors.WALKED_AT_ONCE
    rows = rows_of(reader.get(ORDERS, {"ordering": ordering}, **AS_CSV))
    assert sorted(row["order_id"] for row in rows) == sorted(map(str, made))
    columns = [ordering, f"{'-' * (ordering[0] == '-')}order_id"]
    wanted = models.OrderSummary.objects.order_by(*columns).values_list("pk", flat=True)
    assert [row["order_id"] for row in rows] == [str(each) for each in wanted]


def test_it_filters_as_the_list_does(database, reader):
    order_lives.append(Random(4), 2_000)
    project()
    query = {"status": "confirmed", "min_total": "100"}
    rows = rows_of(reader.get(ORDERS, query, **AS_CSV))
    found = models.OrderSummary.objects.filter(status="confirmed", total__gte=100)
    assert len(rows) == found.count() > 0
    assert {row["status"] for row in rows} == {"confirmed"}


def test_it_reads_no_more_than_is_taken(database, reader):
    order_lives.append(Random(5), 8_000)
    project()
    with CaptureQueriesContext(connections["read"]) as queries:
        chunks = iter(reader.get(ORDERS, **AS_CSV).streaming_content)
        next(chunks)
        before = len(queries)
        assert len(list(chunks)) * csv_answers.ROWS_AT_ONCE > 1_000
        assert len(queries) >= before + 2
        assert not any(" OFFSET " in each["sql"] for each in queries)


@pytest.mark.parametrize("query", ["limit=5", "cursor=x", "stauts=pending"])
def test_it_refuses_paging(reader, query):
    problem = assert_problem(reader.get(f"{ORDERS}?{query}", **AS_CSV), 422, "invalid")
    assert problem["errors"][0]["code"] == "unknown-parameter"
