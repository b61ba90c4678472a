"""The OpenAPI document says what the command endpoints do."""

import pytest
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

from orders.domain import errors
from orders.web import command_routes
from tests.integration.orders.test_commands_http_refused import CHANGES, PLACING

BASE = "/api/v1/commands/orders"
ROUTES = [command_routes.PLACE, *command_routes.CHANGES]


@pytest.fixture(scope="module")
def document():
    return SchemaGenerator().get_schema(request=None, public=True)


def operation(document, word: str):
    return document["paths"][f"{BASE}/{{order_id}}/{word}" if word else BASE]["post"]


def documented(document, word: str, status: int) -> set[str]:
    """The codes for which the document has an example under the status."""
    response = operation(document, word)["responses"].get(str(status), {})
    problem = response.get("content", {}).get("application/problem+json", {})
    return {each["value"]["code"] for each in problem.get("examples", {}).values()}


def test_it_is_a_valid_document(document):
    validate_schema(document)
    assert document["openapi"].startswith("3.1")


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.word or "place")
def test_the_example_of_a_body_is_one_that_is_read(route):
    assert isinstance(route.read(dict(route.example)), route.command)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.word or "place")
def test_every_command_documents_what_all_have_in_common(document, route):
    described = operation(document, route.word)
    assert {p["name"] for p in described["parameters"]} >= {
        "If-Match",
        "Idempotency-Key",
        "Prefer",
        "validate_only",
        "X-Request-ID",
        "traceparent",
    }
    assert {"apiKey": ["orders:write"]} in described["security"]
    for status, code in (
        (400, "malformed-json"),
        (400, "bad-if-match"),
        (400, "bad-idempotency-key"),
        (401, "not-authenticated"),
        (401, "bad-credentials"),
        (403, "wrong-scope"),
        (409, "version-conflict"),
        (409, "idempotency-in-progress"),
        (422, "idempotency-key-reused"),
        (412, "version-mismatch"),
        (413, "too-large"),
        (415, "unsupported-media-type"),
        (422, "invalid"),
        (503, "database-unavailable"),
    ):
        assert code in documented(document, route.word, status)
    accepted = described["responses"]["200" if route.word else "201"]
    headers = {"ETag", "Consistency-Token", "Preference-Applied", "X-Request-ID"}
    headers |= {"Idempotency-Replayed"}
    assert headers <= set(accepted["headers"])
    assert ("Location" in accepted["headers"]) == (not route.word)
    assert "Retry-After" in described["responses"]["503"]["headers"]
    body = described["requestBody"]["content"]["application/json"]
    (example,) = body["examples"].values()
    assert example["value"] == route.example


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.word or "place")
def test_every_command_documents_what_a_trial_answers(document, route):
    content = operation(document, route.word)["responses"]["200"]["content"]
    examples = content["application/json"]["examples"]
    tried = {"valid": True, "events": [route.event_type]}
    assert examples["Tried"]["value"] == tried
    assert ("Stored" in examples) == bool(route.word)


def test_every_refusal_that_the_tests_meet_is_documented(document):
    for _, code, _ in PLACING:
        assert code in documented(document, "", 422)
    for _, word, _, status, code, _ in CHANGES:
        assert code in documented(document, word, status), (word, code)


def test_every_error_of_the_domain_is_documented_somewhere(document):
    codes = {
        code
        for route in ROUTES
        for status in (404, 409, 422)
        for code in documented(document, route.word, status)
    }
    assert _codes(errors.OrderError) <= codes


def _codes(error: type[errors.OrderError]) -> set[str]:
    own = {error.code} if hasattr(error, "code") else set()
    return own.union(*(_codes(child) for child in error.__subclasses__()))


def test_unknown_members_are_refused_by_the_document_too(document):
    schemas = document["components"]["schemas"]
    for route in ROUTES:
        body = operation(document, route.word)["requestBody"]["content"]
        name = body["application/json"]["schema"]["$ref"].rpartition("/")[2]
        assert schemas[name]["additionalProperties"] is False
