import copy
from decimal import Decimal

import pytest
from rest_framework.exceptions import ValidationError

from api import fields, pointers
from api.serializers import StrictSerializer


class LineSerializer(StrictSerializer):
    sku = fields.StrictCharField(max_length=4)
    quantity = fields.StrictIntegerField(min_value=1, max_value=9)


class AddressSerializer(StrictSerializer):
    city = fields.StrictCharField(max_length=9)
    region = fields.StrictCharField(max_length=9, required=False)


class OrderSerializer(StrictSerializer):
    total = fields.AmountField()
    lines = LineSerializer(many=True)
    address = AddressSerializer()


GOOD = {
    "total": "1.50",
    "lines": [{"sku": "A", "quantity": 1}, {"sku": "B", "quantity": 9}],
    "address": {"city": "Köln"},
}


def good(**changes):
    return {**copy.deepcopy(GOOD), **changes}


def faults(body) -> set[tuple[str, str]]:
    """Pointer and code of every fault that is reported for the body."""
    with pytest.raises(ValidationError) as caught:
        OrderSerializer().run_validation(body)
    return {(where, code) for where, code, _ in pointers.flatten(caught.value.detail)}


def test_it_returns_the_values():
    values = OrderSerializer().run_validation(GOOD)
    assert values == {**GOOD, "total": Decimal("1.50")}


def test_it_reports_all_faults_at_once():
    body = {
        "total": 1.5,
        "lines": [
            {"sku": "A", "quantity": 1},
            {"sku": "TOO LONG", "quantity": 0, "colour": "red"},
            7,
            {},
        ],
        "address": {"region": None, "planet": "Earth"},
        "surprise": True,
    }
    assert faults(body) == {
        ("/total", "is-number"),
        ("/lines/1/sku", "too-long"),
        ("/lines/1/quantity", "too-small"),
        ("/lines/1/colour", "unknown-field"),
        ("/lines/2", "invalid-type"),
        ("/lines/3/sku", "required"),
        ("/lines/3/quantity", "required"),
        ("/address/city", "required"),
        ("/address/region", "null"),
        ("/address/planet", "unknown-field"),
        ("/surprise", "unknown-field"),
    }


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"lines": {}}, ("/lines", "invalid-type")),
        ({"lines": "AB"}, ("/lines", "invalid-type")),
        ({"lines": None}, ("/lines", "null")),
        ({"lines": [{}] * 10_001}, ("/lines", "too-many-items")),
        ({"lines": [None]}, ("/lines/0", "null")),
        ({"lines": [[]]}, ("/lines/0", "invalid-type")),
        ({"address": []}, ("/address", "invalid-type")),
        ({"address": None}, ("/address", "null")),
        ({"address": "Köln"}, ("/address", "invalid-type")),
        ({"a/b~c": 1}, ("/a~1b~0c", "unknown-field")),
        ({"": 1}, ("/", "unknown-field")),
        ({"non_field_errors": 1}, ("/non_field_errors", "unknown-field")),
        ({"Total": "1"}, ("/Total", "unknown-field")),
    ],
)
def test_it_points_to_the_fault(changes, expected):
    assert faults(good(**changes)) == {expected}


def test_it_takes_an_empty_list():
    assert OrderSerializer().run_validation(good(lines=[]))["lines"] == []


def test_one_instance_keeps_nothing_between_bodies():
    serializer = OrderSerializer()
    with pytest.raises(ValidationError):
        serializer.run_validation(good(total=1))
    assert serializer.run_validation(GOOD)["total"] == Decimal("1.50")
    with pytest.raises(ValidationError):
        serializer.run_validation({})
