"""Keyset paging: each page starts after the last row of the page before.

A cursor is signed and bound to the path, the ordering and every other query parameter
but `limit`, so one made for another query is refused rather than answered wrongly.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from django.core import signing
from django.core.exceptions import ValidationError
from django.db.models import F, Field, Model, QuerySet
from django.db.models.fields.tuple_lookups import (
    Tuple,
    TupleGreaterThan,
    TupleLessThan,
)
from rest_framework.request import Request

from api import problems
from api.problems import Fault, Problem

DEFAULT_LIMIT = 50
MAX_LIMIT = 200
WALKED_AT_ONCE = 500  # rows a statement
_SALT = "api.cursors"

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True)
class Page(Generic[Row]):
    """At most `limit` rows; `next` is an absolute URL, None on the last page."""

    rows: list[Row]
    next: str | None


def page(
    rows: QuerySet[Row], *, request: Request, ordering: Sequence[str]
) -> Page[Row]:
    """The page that the query parameters `limit` and `cursor` ask for.

    ordering: columns of the model that are never NULL, all ascending or all descending
    ("-placed_at", "-order_id") so that one index and one row comparison serve; together
    they are unique. Raises Problem 422 `invalid` (limit) and 400 `bad-cursor`.
    """
    keyset = _Keyset.of(rows.model, ordering)
    limit = read_limit(request)
    bound = _binding(request, ordering)
    if cursor := request.query_params.get("cursor"):
        rows = rows.filter(keyset.after(_decode(cursor, bound, keyset)))
    found = list(rows.order_by(*ordering)[: limit + 1])
    if len(found) <= limit:
        return Page(found, None)
    found.pop()
    following = _encode(keyset.texts(found[-1]), bound)
    return Page(found, _next_url(request, following))


def walk(rows: QuerySet[Row], *, ordering: Sequence[str]) -> Iterator[Row]:
    """All rows, page by page as a client would follow `next`: no more in memory.

    ordering: as for `page`.
    """
    keyset = _Keyset.of(rows.model, ordering)
    rows = rows.order_by(*ordering)
    following = rows
    while found := list(following[:WALKED_AT_ONCE]):
        yield from found
        if len(found) < WALKED_AT_ONCE:
            return
        following = rows.filter(keyset.after(keyset.values_of(found[-1])))


def read_limit(request: Request) -> int:
    text = request.query_params.get("limit", str(DEFAULT_LIMIT))
    if text.isascii() and text.isdecimal() and len(text) <= 4:
        limit = int(text)
        if 1 <= limit <= MAX_LIMIT:
            return limit
    detail = f"Expected a whole number from 1 to {MAX_LIMIT}."
    raise problems.invalid([Fault("/limit", "out-of-range", detail)])


@dataclass(frozen=True)
class _Keyset:
    fields: list[Field[Any, Any]]
    descending: bool

    @classmethod
    def of(cls, model: type[Model], ordering: Sequence[str]) -> "_Keyset":
        directions = {name.startswith("-") for name in ordering}
        fields = [model._meta.get_field(name.lstrip("-")) for name in ordering]
        columns = [field for field in fields if isinstance(field, Field)]
        if len(directions) != 1 or any(field.null for field in columns):
            raise ValueError(f"{ordering}: one direction, no nullable columns")
        return cls(columns, directions.pop())

    def after(self, values: Sequence[Any]) -> TupleGreaterThan | TupleLessThan:
        columns = Tuple(*(F(field.attname) for field in self.fields))
        comparison = TupleLessThan if self.descending else TupleGreaterThan
        return comparison(columns, tuple(values))

    def texts(self, row: Model) -> list[str]:
        return [field.value_to_string(row) for field in self.fields]

    def values_of(self, row: Model) -> list[Any]:
        return [getattr(row, field.attname) for field in self.fields]

    def values(self, texts: Sequence[str]) -> list[Any]:
        pairs = zip(self.fields, texts, strict=True)
        return [field.to_python(text) for field, text in pairs]


def _binding(request: Request, ordering: Sequence[str]) -> str:
    parameters = sorted(
        (name, value)
        for name, values in request.query_params.lists()
        for value in values
        if name not in {"cursor", "limit"}
    )
    bound = json.dumps([request.path, list(ordering), parameters])
    return hashlib.sha256(bound.encode()).hexdigest()[:16]


def _encode(texts: Sequence[str], bound: str) -> str:
    return signing.Signer(salt=_SALT).sign_object([bound, *texts])


def _decode(cursor: str, bound: str, keyset: _Keyset) -> list[Any]:
    try:
        was_bound, *texts = signing.Signer(salt=_SALT).unsign_object(cursor)
        if was_bound == bound:
            return keyset.values(texts)
    except (signing.BadSignature, ValueError, ValidationError):
        pass  # forged, cut off, or of a former form of the ordering: all the same
    raise Problem(
        status=400,
        code="bad-cursor",
        detail="The cursor is not of this query. Start again without one.",
    )


def _next_url(request: Request, cursor: str) -> str:
    parameters = request.query_params.copy()
    parameters["cursor"] = cursor
    return request.build_absolute_uri(f"{quote(request.path)}?{parameters.urlencode()}")
