import json
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from django.utils.functional import lazystr
from django.utils.safestring import SafeString

from api import renderers


def render(data) -> bytes:
    return renderers.JSONRenderer().render(data)


def test_it_writes_amounts_as_strings_and_times_in_rfc_3339():
    data = {
        "amount": Decimal("12.50"),
        "at": datetime(2026, 1, 31, 12, tzinfo=UTC),
        "id": UUID(int=1),
        "name": "Köln",
        "none": None,
    }
    assert json.loads(render(data)) == {
        "amount": "12.50",
        "at": "2026-01-31T12:00:00Z",
        "id": "00000000-0000-0000-0000-000000000001",
        "name": "Köln",
        "none": None,
    }
    assert "Köln".encode() in render(data)


def test_it_writes_lazy_texts_and_subclasses_of_str():
    assert render([lazystr("a"), SafeString("b")]) == b'["a","b"]'


def test_it_writes_nothing_for_no_content():
    assert render(None) == b""


def test_it_refuses_what_has_no_json_form():
    with pytest.raises(TypeError, match="object is no JSON value"):
        render(object())
