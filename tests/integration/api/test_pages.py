"""The API's pages for people say what the OpenAPI document says."""

import re

import pytest
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from api import reference


@pytest.fixture(scope="module")
def document():
    return SchemaGenerator().get_schema(request=None, public=True)


@pytest.fixture
def page(database) -> str:
    answer = Client().get("/api/docs/")
    assert answer.status_code == 200
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    return answer.content.decode()


def test_it_shows_every_operation_with_its_path_and_scopes(page, document):
    for path, methods in document["paths"].items():
        for operation in methods.values():
            name = operation["operationId"]
            shown = page.split(f'id="{name}"')[1].split("</section>")[0]
            assert f"<code>{path}</code>" in shown
            assert f'href="#{name}"' in page
            for parameter in operation["parameters"]:
                assert f"<code>{parameter['name']}</code>" in shown
            for status in operation["responses"]:
                assert f"<strong>{status}</strong>" in shown
            for scheme in operation["security"]:
                for scope in scheme.get("apiKey", ()):
                    assert f"<code>{scope}</code>" in shown


def test_it_shows_bodies_member_by_member(page):
    shown = page.split('id="placeOrder"')[1].split("</section>")[0]
    for member in ("customer_id", "lines[].sku", "shipping_address.postal_code"):
        assert f"<code>{member}</code>" in shown
    assert "&quot;customer_id&quot;: &quot;customer-1815&quot;" in shown


def test_every_problem_it_names_is_explained(page):
    anchors = set(re.findall(r'href="/api/docs/problems#([a-z-]+)"', page))
    assert len(anchors) > 40
    problems = Client().get("/api/docs/problems").content.decode()
    assert anchors <= set(re.findall(r'id="([a-z-]+)"', problems))


def test_it_needs_neither_scripts_nor_styles_of_its_own(page):
    assert "<script" not in page
    assert "style=" not in page
    assert "<style" not in page


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        (
            {"type": "string", "minLength": 1, "maxLength": 64},
            "string, 1 to 64 characters",
        ),
        ({"type": "integer", "minimum": 1}, "integer, at least 1"),
        ({"type": "string", "format": "uuid"}, "uuid"),
        ({"enum": ["a", "b"]}, "one of `a`, `b`"),
        (
            {"type": "array", "items": {"$ref": "#/components/schemas/NewLine"}},
            "array of NewLine",
        ),
        ({"type": ["string", "null"]}, "string or null"),
        ({"type": "boolean", "default": False}, "boolean, default `false`"),
        ({"oneOf": [{"type": "integer"}, {"type": "null"}]}, "integer or null"),
    ],
)
def test_it_says_in_words_what_a_schema_is(schema, words):
    assert reference.kind(schema) == words
