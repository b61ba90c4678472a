"""Reads JSON bodies and refuses whatever a lenient parser would let through."""

import json
import math
from collections import Counter
from collections.abc import Mapping
from typing import IO, Any, NoReturn

from django.utils.http import parse_header_parameters
from rest_framework.exceptions import ParseError, UnsupportedMediaType
from rest_framework.parsers import BaseParser

from api.problems import Fault, Problem

MAX_BODY_BYTES = 1024 * 1024  # a view raises it with `max_body_bytes`
MAX_DEPTH = 32  # the deepest body of the API has four levels
MAX_DIGITS = 64  # of one number
# Each unknown member is a fault to report: 100,000 of them took a second.
MAX_MEMBERS = 1_000  # of one object; the largest of the API has seven


class StrictJSONParser(BaseParser):
    """The body as a dict; no body at all is an empty one.

    Raises ParseError (400) for what is not strict UTF-8 JSON, Problem 413 above the
    view's limit, Problem 422 for JSON that is not an object.
    """

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        context = parser_context or {}
        _check_charset(media_type or "")
        limit = body_limit(context.get("view"))
        body = _read(stream, context["request"].META.get("CONTENT_LENGTH"), limit)
        parsed = loads(body) if body else {}
        if isinstance(parsed, dict):
            return parsed
        detail = f"Expected an object, got {_kind(parsed)}."
        raise Problem(
            status=422,
            code="invalid",
            detail="The body must be an object.",
            errors=[Fault("", "invalid-type", detail)],
        )


def body_limit(view: Any) -> int:
    return int(getattr(view, "max_body_bytes", MAX_BODY_BYTES))


def too_large(limit: int) -> Problem:
    return Problem(
        status=413,
        code="too-large",
        detail=f"The body may have at most {limit} bytes.",
        members={"max_bytes": limit},
    )


def loads(body: bytes) -> Any:
    """Any JSON value. Raises ParseError with a place or a reason."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ParseError(f"Byte {error.start + 1} is not valid UTF-8.") from error
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object_without_duplicates,
            parse_constant=_refuse_constant,
            parse_int=_integer,
            parse_float=_float,
        )
    except json.JSONDecodeError as error:
        place = f"Line {error.lineno}, column {error.colno}"
        raise ParseError(f"{place}: {error.msg}.") from error
    except RecursionError as error:
        raise ParseError(_TOO_DEEP) from error
    _check_tree(value, depth=1)
    return value


_TOO_DEEP = f"Nested more than {MAX_DEPTH} levels deep."


def _check_charset(media_type: str) -> None:
    charset = parse_header_parameters(media_type)[1].get("charset", "utf-8")
    if charset.lower() not in {"utf-8", "utf8"}:
        raise UnsupportedMediaType(media_type, "JSON is read in UTF-8 only.")


def _read(stream: IO[Any], content_length: str | None, limit: int) -> bytes:
    if content_length and content_length.isdecimal() and int(content_length) > limit:
        raise too_large(limit)
    body: bytes = stream.read(limit + 1)
    if len(body) > limit:
        raise too_large(limit)
    return body


def _object_without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > MAX_MEMBERS:
        raise ParseError(f"An object has more than {MAX_MEMBERS} members.")
    result = dict(pairs)
    if len(result) != len(pairs):
        twice, _ = Counter(name for name, _ in pairs).most_common(1)[0]
        raise ParseError(f"The member {json.dumps(twice)} stands twice in one object.")
    return result


def _refuse_constant(text: str) -> NoReturn:
    raise ParseError(f"{text} is not JSON.")


def _integer(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise ParseError(f"A number has more than {MAX_DIGITS} digits.")
    return int(text)


def _float(text: str) -> float:
    if len(text) > MAX_DIGITS:
        raise ParseError(f"A number has more than {MAX_DIGITS} digits.")
    if not math.isfinite(number := float(text)):
        raise ParseError(f"The number {text} is out of range.")
    return number


def _check_tree(value: Any, *, depth: int) -> None:
    match value:
        case str():
            if not value.isascii():
                _check_text(value)
        case dict() | list() if depth > MAX_DEPTH:
            raise ParseError(_TOO_DEEP)
        case dict():
            for name, member in value.items():
                _check_tree(name, depth=depth)
                _check_tree(member, depth=depth + 1)
        case list():
            for member in value:
                _check_tree(member, depth=depth + 1)


def _check_text(value: str) -> None:
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        unit = ord(value[error.start])
        reason = f"A string holds \\u{unit:04x}, half of a surrogate pair."
        raise ParseError(reason) from error


def _kind(value: Any) -> str:
    kinds = {list: "an array", str: "a string", bool: "a boolean", int: "a number"}
    return "null" if value is None else kinds.get(type(value), "a number")
