"""The OpenAPI document says what the reports of sales take and answer, and CSV."""

import csv

import pytest

from tests.integration.orders import test_queries_openapi as described
from tests.integration.orders.reading import ORDERS, project
from tests.integration.orders.shop import assert_problem
from tests.integration.orders.test_sales_daily_http import DAILY
from tests.integration.orders.test_sales_funnel import FUNNEL

REPORTS = [DAILY, FUNNEL]


@pytest.mark.parametrize("path", REPORTS)
def test_it_answers_reports_in_the_shape_described(shop, reader, document, path):
    described.lived_through(shop)
    project()
    answer = reader.get(path)
    assert answer.status_code == 200
    described.validate_answer(answer, document, path)
    # And without any order.
    long_ago = {"from": "2001-01-01", "to": "2001-01-02"}
    described.validate_answer(reader.get(path, long_ago), document, path)


@pytest.mark.parametrize("path", REPORTS)
@pytest.mark.parametrize(
    ("query", "headers", "status", "code"),
    [
        ({"from": "x"}, {}, 422, "invalid"),
        ({"from": "2001-01-01"}, {}, 422, "invalid"),
        ({}, {"Authorization": ""}, 401, "not-authenticated"),
        ({}, {"Accept": "text/html"}, 406, "not-acceptable"),
        ({}, {"Consistency_Token": "x"}, 400, "bad-consistency-token"),
    ],
)
def test_it_describes_the_problems_that_reports_meet(
    reader,
    document,
    path,
    query,
    headers,
    status,
    code,
):
    answer = reader.get(path, query, **headers)
    assert_problem(answer, status, code)
    described.validate_answer(answer, document, path)
    answered = described.examples(described.response(document, path, status))
    assert code in {each["code"] for each in answered}


@pytest.mark.parametrize("path", REPORTS)
def test_it_wants_the_scope_to_read(shop, document, path):
    answer = shop.http.get(path)
    assert_problem(answer, 403, "wrong-scope")
    described.validate_answer(answer, document, path)


@pytest.mark.parametrize("path", REPORTS)
def test_its_examples_are_valid_answers(document, path):
    responses = document["paths"][path]["get"]["responses"]
    found = [
        described.validate(example, document, response)
        for response in responses.values()
        for example in described.examples(response)
    ]
    assert len(found) > 8


def test_it_describes_the_parameters_it_takes(document):
    daily = described.parameters(document, DAILY, "query")
    assert set(daily) == {"from", "to", "country", "currency", "format"}
    assert set(described.parameters(document, FUNNEL, "query")) == {"from", "to"}


@pytest.mark.parametrize("path", [DAILY, ORDERS])
def test_it_shows_csv_with_the_columns_that_come(shop, reader, document, path):
    shop.place()
    project()
    answer = reader.get(path, {"format": "csv"})
    text = b"".join(answer.streaming_content).decode()
    ok = described.response(document, path, 200)
    (example,) = ok["content"]["text/csv"]["examples"].values()
    shown, comes = (
        list(csv.reader(each.splitlines())) for each in (example["value"], text)
    )
    assert shown[0] == comes[0]
    assert {len(row) for row in [*shown, *comes]} == {len(shown[0])}
    assert len(shown) == len(comes) == 2
