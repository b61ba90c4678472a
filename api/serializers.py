from collections.abc import Mapping
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from api import fields, pointers

# 350,000 empty objects fit in a body of 1 MiB, each with a fault per missing member.
MAX_ITEMS = 10_000


class StrictListSerializer(serializers.ListSerializer[Any]):
    """Of at most MAX_ITEMS items; a longer list is one fault."""

    default_error_messages = {
        "required": fields.REQUIRED,
        "null": fields.NULL,
        "invalid_type": "Expected an array, got {kind}.",
        "too_many_items": "Expected at most {limit} items, got {count}.",
    }

    def to_internal_value(self, data: Any) -> list[Any]:
        if not isinstance(data, list):
            self.fail("invalid_type", kind=fields.kind_of(data))
        if len(data) > MAX_ITEMS:
            self.fail("too_many_items", limit=MAX_ITEMS, count=len(data))
        values: list[Any] = super().to_internal_value(data)
        return values


class StrictSerializer(serializers.Serializer[Any]):
    """Reports members that it does not know, together with all other faults.

    Keeps nothing between calls: one instance may read the bodies of many threads by
    `run_validation(data)`, which returns a dict or raises ValidationError.
    """

    default_error_messages = {
        "required": fields.REQUIRED,
        "null": fields.NULL,
        "invalid_type": "Expected an object, got {kind}.",
    }

    class Meta:
        list_serializer_class = StrictListSerializer

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, Mapping):
            self.fail("invalid_type", kind=fields.kind_of(data))
        faults: dict[str, Any] = {
            name: [ErrorDetail("There is no such member.", pointers.UNKNOWN_FIELD)]
            for name in data
            if name not in self.fields
        }
        values: dict[str, Any] = {}
        try:
            values = super().to_internal_value(data)
        except ValidationError as error:
            found: Any = error.detail  # a dict by name: `data` is an object
            faults.update(found)
        if faults:
            raise ValidationError(faults)
        return values
