"""Every operation of the OpenAPI document tells all that a client has to know."""

import re
from typing import Any

import jsonschema
import pytest
from drf_spectacular.generators import SchemaGenerator

from api import codes, problems

DOCUMENT: Any = SchemaGenerator().get_schema(request=None, public=True)
OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
}
# Of every operation: what keys, limits and servers answer.
ALWAYS = {
    "400": {"bad-request"},
    "401": {"not-authenticated", "bad-credentials"},
    "403": {"wrong-scope"},
    "406": {"not-acceptable"},
    "429": {"rate-limited"},
    "500": {"internal-error"},
    "503": {"database-unavailable"},
}
BODY = {
    "400": {"malformed-json", "unreadable-body"},
    "413": {"too-large"},
    "415": {"unsupported-media-type"},
    "422": {"invalid"},
}
# Said by Django, or known to every client of HTTP.
COUNTED = {"200", "201", "202", "304", "403", "404", "409", "412", "422", "429"}

every_operation = pytest.mark.parametrize("name", OPERATIONS)


def described(name: str) -> Any:
    return OPERATIONS[name]


def validate(value: Any, schema: Any) -> None:
    whole = {**schema, "components": DOCUMENT["components"]}
    jsonschema.Draft202012Validator(whole).validate(value)


def examples(content: Any) -> list[Any]:
    return [each["value"] for each in content.get("examples", {}).values()]


def told_codes(response: Any) -> set[str]:
    content = response.get("content", {}).get(problems.MEDIA_TYPE, {})
    return {each["code"] for each in examples(content)}


@every_operation
def test_it_has_a_name_a_summary_and_a_tag(name):
    operation = described(name)
    assert operation["operationId"]
    assert operation["summary"]
    assert operation["tags"]


@every_operation
def test_it_says_which_scopes_a_key_needs(name):
    (needed,) = [each for each in described(name)["security"] if "apiKey" in each]
    assert needed["apiKey"]


@every_operation
def test_it_describes_each_parameter(name):
    for parameter in described(name).get("parameters", ()):
        assert parameter["schema"], parameter
        if parameter["in"] != "path":
            assert parameter.get("description"), parameter
    named = set(re.findall(r"\{(\w+)\}", name))
    paths = [p for p in described(name).get("parameters", ()) if p["in"] == "path"]
    assert {each["name"] for each in paths} == named


@every_operation
def test_its_body_has_an_example_that_fits(name):
    operation = described(name)
    assert ("requestBody" in operation) == name.startswith("POST")
    if "requestBody" in operation:
        (content,) = operation["requestBody"]["content"].values()
        assert examples(content)
        for example in examples(content):
            if name.endswith("/bulk"):  # the second order shows a refusal
                example = {"orders": example["orders"][:1]}
            validate(example, content["schema"])


@every_operation
def test_its_answers_have_examples_that_fit(name):
    for status, response in described(name)["responses"].items():
        assert response["description"], status
        for media_type, content in response.get("content", {}).items():
            assert examples(content), (status, media_type)
            if media_type.endswith("json"):
                for example in examples(content):
                    validate(example, content["schema"])


@every_operation
def test_it_tells_every_problem_with_its_code(name):
    responses = described(name)["responses"]
    needed = [ALWAYS, BODY] if name.startswith("POST") else [ALWAYS]
    for each in needed:
        for status, wanted in each.items():
            assert wanted <= told_codes(responses[status]), status
    for status, response in responses.items():
        for code in told_codes(response):
            assert codes.get(code).status == int(status)
            assert f"`{code}`: {codes.get(code).when}" in response["description"]


@every_operation
def test_it_describes_the_headers_of_its_answers(name):
    for status, response in described(name)["responses"].items():
        headers = response.get("headers", {})
        wanted = {"X-Request-ID"}
        wanted |= {"RateLimit", "RateLimit-Policy"} if status in COUNTED else set()
        wanted |= {"Retry-After"} if status in ("429", "503") else set()
        wanted |= {"WWW-Authenticate"} if status == "401" else set()
        wanted |= {"Location"} if status in ("201", "202") else set()
        if status == "200" and "/queries/" in name:
            wanted |= {"Read-Position"}
        assert wanted <= set(headers), status
        for header in headers.values():
            assert header["description"]
            assert header["schema"]


def test_every_registered_code_is_told_by_some_operation_or_is_of_none():
    """Of none: what is answered where there is no operation."""
    told = {
        code
        for operation in OPERATIONS.values()
        for response in operation["responses"].values()
        for code in told_codes(response)
    }
    of_none = {"not-found", "method-not-allowed"}
    within_operations = {
        each.name for each in codes.registered() if each.name not in told | of_none
    }
    # What an operator's action meets in the worst case; none of them is an endpoint's.
    assert within_operations <= {
        "being-filled",
        "log-diverged",
        "never-level",
        "redis-away",
        "rows-lost",
        "too-many-dead-letters",
        "took-too-long",
        "unknown-reactor",
    }


LINKED = [name for name in OPERATIONS if "/commands/orders" in name]


@pytest.mark.parametrize("name", [n for n in LINKED if not n.endswith("/bulk")])
def test_a_commands_answer_leads_to_what_it_changed(name):
    responses = described(name)["responses"]
    links = responses["200" if "{order_id}" in name else "201"]["links"]
    known = {each["operationId"]: each for each in OPERATIONS.values()}
    assert {"GetOrder", "ListOrderEvents"} <= set(links)
    for link in links.values():
        parameters = {p["name"] for p in known[link["operationId"]]["parameters"]}
        for parameter in link["parameters"]:
            assert parameter.rpartition(".")[2] in parameters
