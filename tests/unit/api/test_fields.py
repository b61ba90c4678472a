import re
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from rest_framework.exceptions import ValidationError

from api import fields

NOT_STRINGS = [1, 1.5, True, [], {}, ["x"]]


def code_of(field, value) -> str:
    """The code of the one fault that the field finds in the value."""
    with pytest.raises(ValidationError) as caught:
        field.run_validation(value)
    (fault,) = caught.value.detail
    return fault.code


class TestText:
    field = fields.StrictCharField(max_length=5, min_length=2)
    note = fields.StrictCharField(max_length=20, line_feeds=True)

    @pytest.mark.parametrize(
        "text", ["ab", "abcde", " x ", "ÄÖÜßé", "😀😀😀😀😀", "0\u200d"]
    )
    def test_it_takes_text_as_it_is(self, text):
        assert self.field.run_validation(text) == text

    @pytest.mark.parametrize("value", NOT_STRINGS)
    def test_it_refuses_what_is_no_string(self, value):
        assert code_of(self.field, value) == "invalid_type"

    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ("", "blank"),
            ("   ", "blank"),
            ("a", "too_short"),
            ("abcdef", "too_long"),
            ("a\x00b", "control_character"),
            ("a\nb", "control_character"),
            ("a\tb", "control_character"),
            ("a\x7fb", "control_character"),
            ("a\x85b", "control_character"),
            (None, "null"),
        ],
    )
    def test_it_refuses_wrong_text(self, text, code):
        assert code_of(self.field, text) == code

    def test_it_takes_line_feeds_only_where_they_are_allowed(self):
        assert self.note.run_validation("a\nb\n") == "a\nb\n"
        assert code_of(self.note, "a\r\nb") == "control_character"
        assert code_of(self.note, "a\x00b") == "control_character"

    def test_its_schema_agrees_with_it(self):
        pattern = self.field.schema["pattern"]
        assert re.search(pattern, "abc")
        assert not re.search(pattern, "a\x00b")
        assert not re.search(pattern, "a\nb")
        assert re.search(pattern, " a ")
        assert not re.search(pattern, "   ")
        assert re.search(self.note.schema["pattern"], "a\nb")


class TestInteger:
    field = fields.StrictIntegerField(min_value=1, max_value=1_000_000)

    @pytest.mark.parametrize("value", [1, 1_000_000])
    def test_it_takes_integers_in_range(self, value):
        assert self.field.run_validation(value) == value

    @pytest.mark.parametrize(
        ("value", "code"),
        [
            (0, "too_small"),
            (-1, "too_small"),
            (10**9, "too_large"),
            (10**60, "too_large"),
            (5.0, "invalid_type"),
            ("5", "invalid_type"),
            (True, "invalid_type"),
            ([5], "invalid_type"),
            (None, "null"),
        ],
    )
    def test_it_refuses_everything_else(self, value, code):
        assert code_of(self.field, value) == code


AMOUNTS = {
    "0": None,
    "0.00": None,
    "12.5": None,
    "12.50": None,
    "0.0001": None,
    "99999999999999.9999": None,
    "100000000000000": "too_large",
    "9" * 5000: "too_large",
    "1.00001": "too_precise",
    "1.00000": "too_precise",
    "-1": "negative",
    "-0": "negative",
    "-0.00": "negative",
    "": "not_decimal",
    " 1": "not_decimal",
    "1 ": "not_decimal",
    "1\n": "not_decimal",
    "+1": "not_decimal",
    "01": "not_decimal",
    ".5": "not_decimal",
    "5.": "not_decimal",
    "1e3": "not_decimal",
    "1,50": "not_decimal",
    "1_000": "not_decimal",
    "NaN": "not_decimal",
    "sNaN": "not_decimal",
    "Infinity": "not_decimal",
    "0x10": "not_decimal",
    "١٢": "not_decimal",
    "1\x00": "not_decimal",
}


class TestAmount:
    field = fields.AmountField()
    payment = fields.AmountField(zero=False)

    @pytest.mark.parametrize(("text", "code"), AMOUNTS.items())
    def test_it_takes_plain_decimals_only(self, text, code):
        if code:
            assert code_of(self.field, text) == code
        else:
            assert self.field.run_validation(text) == Decimal(text)

    @pytest.mark.parametrize(("text", "code"), AMOUNTS.items())
    def test_its_schema_agrees_with_it(self, text, code):
        if not text.endswith("\n"):  # Python's $ differs from that of JSON Schema
            assert bool(re.search(self.field.schema["pattern"], text)) == (code is None)

    @pytest.mark.parametrize("value", [12, 12.5, 0, -1])
    def test_it_asks_for_strings_where_it_gets_numbers(self, value):
        assert code_of(self.field, value) == "is_number"

    @pytest.mark.parametrize("value", [True, [], {}])
    def test_it_refuses_other_types(self, value):
        assert code_of(self.field, value) == "invalid_type"

    @pytest.mark.parametrize("text", ["0", "0.00", "0.0000"])
    def test_it_can_ask_for_more_than_nothing(self, text):
        assert code_of(self.payment, text) == "zero"
        assert not re.search(self.payment.schema["pattern"], text)
        assert self.payment.run_validation("0.0001") == Decimal("0.0001")
        assert re.search(self.payment.schema["pattern"], "0.0001")


class TestCurrency:
    field = fields.CurrencyField(is_known={"EUR", "JPY"}.__contains__)

    def test_it_takes_known_codes(self):
        assert self.field.run_validation("JPY") == "JPY"

    @pytest.mark.parametrize("text", ["", "eur", "EURO", "XXX", "E\x00R", " EUR"])
    def test_it_refuses_other_text(self, text):
        assert code_of(self.field, text) == "unknown_currency"

    @pytest.mark.parametrize("value", NOT_STRINGS)
    def test_it_refuses_what_is_no_string(self, value):
        assert code_of(self.field, value) == "invalid_type"


class TestUUID:
    field = fields.StrictUUIDField()
    text = "018f7a5e-7c3b-7d64-9c55-3a1c9f3a2f10"

    def test_it_takes_canonical_text_in_either_case(self):
        assert self.field.run_validation(self.text) == UUID(self.text)
        assert self.field.run_validation(self.text.upper()) == UUID(self.text)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "1",
            text.replace("-", ""),
            f"{{{text}}}",
            f"urn:uuid:{text}",
            text + "\n",
        ],
    )
    def test_it_refuses_other_text(self, text):
        assert code_of(self.field, text) == "not_uuid"

    @pytest.mark.parametrize("value", NOT_STRINGS)
    def test_it_refuses_what_is_no_string(self, value):
        assert code_of(self.field, value) == "invalid_type"


class TestTime:
    field = fields.TimeField()

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("2026-01-31T12:00:00Z", datetime(2026, 1, 31, 12, tzinfo=UTC)),
            ("2026-01-31t12:00:00z", datetime(2026, 1, 31, 12, tzinfo=UTC)),
            ("2026-01-31T12:00:00+02:00", datetime(2026, 1, 31, 10, tzinfo=UTC)),
            (
                "2026-01-31T12:00:00.123456Z",
                datetime(2026, 1, 31, 12, 0, 0, 123456, tzinfo=UTC),
            ),
            (
                "2026-01-31T12:00:00.5Z",
                datetime(2026, 1, 31, 12, 0, 0, 500000, tzinfo=UTC),
            ),
        ],
    )
    def test_it_takes_rfc_3339_as_utc(self, text, expected):
        value = self.field.run_validation(text)
        assert value == expected
        assert value.tzinfo is UTC

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "2026-01-31",
            "2026-01-31T12:00:00",
            "2026-01-31 12:00:00Z",
            "2026-02-30T12:00:00Z",
            "2026-01-31T24:01:00Z",
            "2026-01-31T12:00:60Z",
            "2026-01-31T12:00:00.1234567Z",
            "2026-01-31T12:00:00+25:00",
            "0001-01-01T00:00:00+01:00",
            "9999-12-31T23:59:59-01:00",
            "0000-01-01T00:00:00Z",
            "2026-W05-1T12:00:00Z",
            "1769860800",
        ],
    )
    def test_it_refuses_other_text(self, text):
        assert code_of(self.field, text) == "not_time"
