import io

import pytest
from rest_framework.exceptions import ParseError, UnsupportedMediaType
from rest_framework.test import APIRequestFactory

from api import parsers
from api.problems import Problem


class LargeView:
    max_body_bytes = 2 * parsers.MAX_BODY_BYTES


def parse(body: bytes, *, media_type="application/json", view=None, length=None):
    request = APIRequestFactory().post("/")
    request.META["CONTENT_LENGTH"] = str(len(body) if length is None else length)
    context = {"request": request, "view": view}
    return parsers.StrictJSONParser().parse(io.BytesIO(body), media_type, context)


MALFORMED = {
    "cut off": (b'{"a": ', "Line 1, column 7"),
    "second line": (b'{"a": 1,\n "b" 2}', "Line 2, column 6"),
    "trailing garbage": (b'{"a": 1} x', "Line 1, column 10: Extra data"),
    "two values": (b'{"a": 1}{"a": 1}', "Extra data"),
    "blank": (b"  ", "Expecting value"),
    "single quotes": (b"{'a': 1}", "Line 1, column 2"),
    "byte order mark": (b'\xef\xbb\xbf{"a": 1}', "BOM"),
    "invalid UTF-8": (b'{"a": "\xff"}', "Byte 8 is not valid UTF-8"),
    "UTF-16": ('{"a": 1}'.encode("utf-16-le"), "Line 1, column 2"),
    "overlong UTF-8": (b'{"a": "\xc0\x80"}', "Byte 8 is not valid UTF-8"),
    "surrogate as UTF-8": (b'{"a": "\xed\xa0\x80"}', "Byte 8 is not valid UTF-8"),
    "NaN": (b'{"a": NaN}', "NaN is not JSON"),
    "Infinity": (b'{"a": [-Infinity]}', "-Infinity is not JSON"),
    "number out of range": (b'{"a": 1e400}', "1e400 is out of range"),
    "huge integer": (b'{"a": ' + b"9" * 401 + b"}", "more than 64 digits"),
    "integer beyond Python's limit": (b'{"a": ' + b"9" * 9999 + b"}", "64 digits"),
    "huge fraction": (b'{"a": 0.' + b"9" * 401 + b"}", "more than 64 digits"),
    "duplicate member": (b'{"a": 1, "b": 2, "a": 1}', '"a" stands twice'),
    "duplicate inside": (b'{"a": [{"b": 1, "b": 2}]}', '"b" stands twice'),
    "control character": (b'{"a": "x\ty"}', "Invalid control character"),
    "NUL byte": (b'{"a": "x\x00y"}', "Invalid control character"),
    "lone high surrogate": (rb'{"a": "\ud800"}', r"\ud800, half of a surrogate"),
    "lone low surrogate": (rb'{"a": ["x\udfffy"]}', r"\udfff, half of a surrogate"),
    "surrogate in a name": (rb'{"\ud800": 1}', "half of a surrogate"),
    "array too deep": (b'{"a": ' + b"[" * 32 + b"]" * 32 + b"}", "32 levels"),
    "object too deep": (b'{"a": ' * 33 + b"1" + b"}" * 33, "32 levels"),
    "too many members": (
        b"{" + b",".join(b'"%d": 1' % n for n in range(1001)) + b"}",
        "more than 1000 members",
    ),
    "absurdly deep": (b"[" * 500_000, "32 levels"),
    "absurdly deep objects": (b'{"a":' * 100_000, "32 levels"),
}


@pytest.mark.parametrize(("body", "reason"), MALFORMED.values(), ids=list(MALFORMED))
def test_it_refuses_what_is_not_strict_json_and_says_why(body, reason):
    with pytest.raises(ParseError) as caught:
        parse(body)
    assert reason in str(caught.value.detail)


def test_it_reads_an_object_as_it_is():
    body = '{"a": [1, -2.5, true, null, "€ \\ud83d\\ude00"], "b": {"": "\\u0000"}}'
    expected = {"a": [1, -2.5, True, None, "€ 😀"], "b": {"": "\x00"}}
    assert parse(body.encode()) == expected


def test_it_reads_the_deepest_nesting_that_is_allowed():
    deep = b'{"a": ' + b"[" * 31 + b"]" * 31 + b"}"
    assert "a" in parse(deep)


def test_it_takes_an_absent_body_as_an_empty_object():
    assert parse(b"") == {}


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"[]", "an array"),
        (b'"x"', "a string"),
        (b"1", "a number"),
        (b"1.5", "a number"),
        (b"true", "a boolean"),
        (b"null", "null"),
    ],
)
def test_it_refuses_json_that_is_no_object(body, kind):
    with pytest.raises(Problem) as caught:
        parse(body)
    assert (caught.value.status, caught.value.code) == (422, "invalid")
    (fault,) = caught.value.errors
    assert fault == ("", "invalid-type", f"Expected an object, got {kind}.")


class Unreadable(io.BytesIO):
    def read(self, *args):
        raise AssertionError("it read a body that was announced too large")


def test_it_refuses_by_the_announced_length_before_reading():
    request = APIRequestFactory().post("/")
    request.META["CONTENT_LENGTH"] = str(parsers.MAX_BODY_BYTES + 1)
    with pytest.raises(Problem) as caught:
        parsers.StrictJSONParser().parse(
            Unreadable(), "application/json", {"request": request}
        )
    assert (caught.value.status, caught.value.code) == (413, "too-large")


def padded(size: int) -> bytes:
    return b'{"a": 1' + b" " * (size - 8) + b"}"


def test_it_refuses_while_reading_when_no_length_was_announced():
    with pytest.raises(Problem) as caught:
        parse(padded(parsers.MAX_BODY_BYTES + 1), length="")
    assert caught.value.status == 413


def test_it_reads_a_body_of_just_the_limit():
    assert parse(padded(parsers.MAX_BODY_BYTES)) == {"a": 1}


def test_it_lets_a_view_raise_the_limit():
    view = LargeView()
    assert parse(padded(LargeView.max_body_bytes), view=view) == {"a": 1}
    with pytest.raises(Problem):
        parse(padded(LargeView.max_body_bytes + 1), view=view)


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", '"utf-8"', "utf8"])
def test_it_reads_utf_8(charset):
    assert parse(b"{}", media_type=f"application/json; charset={charset}") == {}


@pytest.mark.parametrize("charset", ["latin-1", "utf-16", "bz2_codec", "nonsense"])
def test_it_refuses_other_charsets(charset):
    with pytest.raises(UnsupportedMediaType):
        parse(b"{}", media_type=f"application/json; charset={charset}")
