"""The OpenAPI document says what the endpoints for operators take and answer."""

import json

import pytest
from drf_spectacular.generators import SchemaGenerator

from projections import control, operating
from projections.web import describing
from projections.web.actions import ACTIONS
from projections.web.urls import urlpatterns
from tests.integration.operators import callers
from tests.integration.operators.cases import CASES, letter
from tests.integration.orders.test_queries_openapi import examples, validate
from tests.integration.projections import accounts, rebuilds
from tests.integration.projections.accounts import NAME

pytestmark = pytest.mark.usefixtures("holding")

OPS = "/api/v1/ops"
TOO_LARGE = "413"  # has a member of its own, as any problem may


@pytest.fixture(scope="module")
def document():
    return SchemaGenerator().get_schema(request=None, public=True)


def operations(document) -> dict[tuple[str, str], dict]:
    return {
        (path.removeprefix(f"{OPS}/"), method): described
        for path, methods in document["paths"].items()
        if path.startswith(OPS)
        for method, described in methods.items()
    }


def validate_answer(answer, document, path: str, method: str) -> None:
    described = operations(document)[path, method]["responses"]
    response = described[str(answer.status_code)]
    assert answer["Content-Type"] in response["content"]
    # RateLimit is absent where Redis takes too long.
    assert set(response["headers"]) - {"RateLimit"} <= set(answer.headers)
    validate(json.loads(answer.content), document, response)


def test_it_describes_every_endpoint(document):
    paths = {path for path, _ in operations(document)}
    assert len(paths) == len(urlpatterns)
    assert {f"projections/{{name}}/{each.word}" for each in ACTIONS} <= paths


def test_its_examples_are_valid_answers(document):
    found = 0
    for described in operations(document).values():
        for status, response in described["responses"].items():
            for example in examples(response) if status != TOO_LARGE else ():
                validate(example, document, response)
                found += 1
    assert found > 200


def test_its_examples_of_bodies_are_taken(document):
    for action in ACTIONS:
        assert action.body().run_validation(dict(action.example))


def test_it_names_the_scope_and_the_refusals(document):
    for (path, method), described in operations(document).items():
        scope = "ops:write" if method == "post" else "ops:read"
        assert {"apiKey": [scope]} in described["security"], path
        codes = {each["code"] for each in examples(described["responses"]["403"])}
        assert "wrong-scope" in codes
        assert ("not-permitted" in codes) == (method == "post")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.word)
def test_it_answers_actions_in_the_shape_described(document, case):
    id = case.given()
    path = case.path(id)
    answer = callers.key("ops:write").post(path, {**case.body, "reason": "because"})
    described = path.replace(f"/{id}/", "/{id}/").replace(NAME, "{name}")
    validate_answer(answer, document, described, "post")


def test_it_answers_what_is_read_in_the_shape_described(document):
    reader, held = callers.key("ops:read"), letter()
    rebuilds.begin(review=True)
    retrying = control.retry_all(NAME, actor=accounts.ADA, reason="because")
    operating.work(seconds=0.5)
    for path, described in (
        ("projections", "projections"),
        (f"projections/{NAME}", "projections/{name}"),
        ("dead-letters", "dead-letters"),
        (f"dead-letters/{held}", "dead-letters/{id}"),
        ("operations", "operations"),
        (f"operations/{retrying.pk}", "operations/{id}"),
        ("audit", "audit"),
        ("audit?colour=red", "audit"),
        ("operations?cursor=forged", "operations"),
        ("operations/99", "operations/{id}"),
    ):
        validate_answer(reader.get(path), document, described, "get")


def test_it_describes_the_filters_it_takes(document):
    found = {
        path: {
            each["name"] for each in described["parameters"] if each["in"] == "query"
        }
        for (path, method), described in operations(document).items()
        if method == "get"
    }
    paging = {"limit", "cursor"}
    named = {"projection", "state", "category", "type"}
    assert found["dead-letters"] == {*named, *paging}
    assert found["operations"] == {"projection", *paging}
    assert found["audit"] == {"projection", "action", "actor", *paging}
    assert found["projections"] == set()
    assert describing.LIMIT["maximum"] == 200
