"""Serializer fields that take exactly what the contract says, and convert nothing.

REST framework's own fields read 1 as "1", "yes" as true and 12.5 as a decimal.
"""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from rest_framework import serializers

from api import times

REQUIRED = "This member is required."
NULL = "This may not be null; leave the member out."
INTEGER_DIGITS = 14
FRACTION_DIGITS = 4

_CONTROL = r"\x00-\x1f\x7f-\x9f"
_CONTROL_BUT_LINE_FEED = r"\x00-\x09\x0b-\x1f\x7f-\x9f"
_AMOUNT = re.compile(r"-?(0|[1-9][0-9]*)(\.([0-9]+))?")
_CURRENCY = re.compile(r"[A-Z]{3}")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class StrictField(serializers.Field[Any, Any, Any, Any]):
    """Of JSON strings only; `read` turns one into the value or calls `fail`.

    `schema` is what JSON Schema can say of it.
    """

    schema: dict[str, Any]

    default_error_messages = {
        "required": REQUIRED,
        "null": NULL,
        "invalid_type": "Expected a string, got {kind}.",
    }

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str):
            self.fail("invalid_type", kind=kind_of(data))
        return self.read(data)

    def read(self, text: str) -> Any:
        raise NotImplementedError

    def to_representation(self, value: Any) -> Any:
        return value


class StrictCharField(StrictField):
    """Text of min_length to max_length characters (code points), left as it is."""

    default_error_messages = {
        "blank": "This may not be blank.",
        "too_short": "Expected at least {limit} characters, got {length}.",
        "too_long": "Expected at most {limit} characters, got {length}.",
        "control_character": "The control character U+{code_point:04X} is not allowed.",
    }

    def __init__(
        self,
        *,
        max_length: int,
        min_length: int = 1,
        line_feeds: bool = False,
        **kwargs: Any,
    ) -> None:
        self.min_length = min_length
        self.max_length = max_length
        refused = _CONTROL_BUT_LINE_FEED if line_feeds else _CONTROL
        self.refused = re.compile(f"[{refused}]")
        not_blank = rf"[^\s{refused}][^{refused}]*" if min_length else ""
        self.schema = {
            "type": "string",
            "minLength": min_length,
            "maxLength": max_length,
            "pattern": f"^[^{refused}]*{not_blank}$",
        }
        super().__init__(**kwargs)

    def read(self, text: str) -> str:
        if len(text) > self.max_length:
            self.fail("too_long", limit=self.max_length, length=len(text))
        if self.min_length and not text.strip():
            self.fail("blank")
        if len(text) < self.min_length:
            self.fail("too_short", limit=self.min_length, length=len(text))
        if found := self.refused.search(text):
            self.fail("control_character", code_point=ord(found[0]))
        return text


class StrictIntegerField(StrictField):
    """A JSON integer from min_value to max_value; 5.0, "5" and true are none."""

    default_error_messages = {
        "invalid_type": "Expected an integer, got {kind}.",
        "too_small": "Expected at least {limit}.",
        "too_large": "Expected at most {limit}.",
    }

    def __init__(self, *, min_value: int, max_value: int, **kwargs: Any) -> None:
        self.min_value = min_value
        self.max_value = max_value
        self.schema = {"type": "integer", "minimum": min_value, "maximum": max_value}
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> int:
        if type(data) is not int:
            self.fail("invalid_type", kind=kind_of(data))
        if data < self.min_value:
            self.fail("too_small", limit=self.min_value)
        if data > self.max_value:
            self.fail("too_large", limit=self.max_value)
        return int(data)


class StrictBooleanField(StrictField):
    """A JSON true or false; 1, "true" and null are none."""

    schema = {"type": "boolean"}
    default_error_messages = {
        "invalid_type": "Expected true or false, got {kind}.",
    }

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid_type", kind=kind_of(data))
        return data


class StrictChoiceField(StrictField):
    """One of some words, as it is written."""

    default_error_messages = {"unknown_choice": "Expected one of: {words}."}

    def __init__(self, *, words: Sequence[str], **kwargs: Any) -> None:
        self.words = words
        self.schema = {"type": "string", "enum": list(words)}
        super().__init__(**kwargs)

    def read(self, text: str) -> str:
        if text not in self.words:
            self.fail("unknown_choice", words=", ".join(self.words))
        return text


class AmountField(StrictField):
    """A decimal as a JSON string; `zero=False` asks for more than nothing."""

    default_error_messages = {
        "is_number": 'Send amounts as strings, such as "12.50": numbers lose digits.',
        "not_decimal": 'Expected a plain decimal, such as "12.50".',
        "too_precise": f"Expected at most {FRACTION_DIGITS} digits after the point.",
        "too_large": f"Expected at most {INTEGER_DIGITS} digits before the point.",
        "negative": "Expected at least 0.",
        "zero": "Expected more than 0.",
    }

    def __init__(self, *, zero: bool = True, **kwargs: Any) -> None:
        self.zero = zero
        not_zero = "" if zero else r"(?![0.]+$)"
        whole = rf"(0|[1-9][0-9]{{0,{INTEGER_DIGITS - 1}}})"
        pattern = rf"^{not_zero}{whole}(\.[0-9]{{1,{FRACTION_DIGITS}}})?$"
        self.schema = {"type": "string", "pattern": pattern, "example": "12.50"}
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> Any:
        if type(data) in {int, float}:
            self.fail("is_number")
        return super().to_internal_value(data)

    def read(self, text: str) -> Decimal:
        if not (match := _AMOUNT.fullmatch(text)):
            self.fail("not_decimal")
        if len(match[1]) > INTEGER_DIGITS:
            self.fail("too_large")
        if len(match[3] or "") > FRACTION_DIGITS:
            self.fail("too_precise")
        amount = Decimal(text)
        if amount < 0 or (amount == 0 and text.startswith("-")):
            self.fail("negative")
        if not amount and not self.zero:
            self.fail("zero")
        return amount


class CurrencyField(StrictField):
    """An ISO 4217 code in capital letters that `is_known` knows."""

    schema = {"type": "string", "pattern": "^[A-Z]{3}$", "example": "EUR"}
    default_error_messages = {
        "unknown_currency": "Expected an ISO 4217 code in capitals, such as EUR.",
    }

    def __init__(self, *, is_known: Callable[[str], bool], **kwargs: Any) -> None:
        self.is_known = is_known
        super().__init__(**kwargs)

    def read(self, text: str) -> str:
        if not _CURRENCY.fullmatch(text) or not self.is_known(text):
            self.fail("unknown_currency")
        return text


class StrictUUIDField(StrictField):
    """A UUID in its canonical text, in either case."""

    schema = {"type": "string", "format": "uuid"}
    default_error_messages = {
        "not_uuid": "Expected a UUID, such as 018f7a5e-7c3b-7d64-9c55-3a1c9f3a2f10.",
    }

    def read(self, text: str) -> UUID:
        if (value := parse_uuid(text)) is None:
            self.fail("not_uuid")
        return value


class TimeField(StrictField):
    """An RFC 3339 time with an offset, as a datetime in UTC."""

    schema = {
        "type": "string",
        "format": "date-time",
        "pattern": f"^{times.PATTERN}$",
    }
    default_error_messages = {"not_time": "{reason}"}

    def read(self, text: str) -> datetime:
        try:
            return times.parse(text)
        except ValueError as error:
            self.fail("not_time", reason=str(error))


def parse_uuid(text: str) -> UUID | None:
    """None unless the text is a UUID in canonical form."""
    return UUID(text) if _UUID.fullmatch(text) else None


def kind_of(value: Any) -> str:
    """What JSON calls a parsed value, with its article."""
    if value is None:
        return "null"
    kinds = {
        bool: "a boolean",
        int: "a number",
        float: "a number",
        str: "a string",
        list: "an array",
        dict: "an object",
    }
    return kinds[type(value)]
