"""Keyset paging: each page starts after the last row of the page before.

A cursor is signed and bound to the path, the ordering and every other query parameter
but `limit`, so one made for another query is refused rather than answered wrongly.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar
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

from api import parameters
from api.problems import Problem

DEFAULT_LIMIT = 50
MAX_LIMIT = 200
WALKED_AT_ONCE = 500  # rows a statement
_SALT = "api.cursors"

Row = TypeVar("Row", bound=Model)


class Group(Protocol[Row]):
    """Some of the rows, in the order they have: the first ones, at most `limit`."""

    def __call__(self, rows: QuerySet[Row], /, *, limit: int) -> list[Row]: ...


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
    return page_in_turn(rows, request=request, ordering=ordering, groups=[everything])


def page_in_turn(
    rows: QuerySet[Row],
    *,
    request: Request,
    ordering: Sequence[str],
    groups: Sequence[Group[Row]],
) -> Page[Row]:
    """As `page`, but first the rows of the first group, then of the second, and so on.

    No row may be in two groups. Later ones are asked only when earlier ones do not fill
    the page.
    """
    keyset = _Keyset.of(rows.model, ordering)
    limit = read_limit(request)
    bound = _binding(request, ordering)
    ordered = rows.order_by(*ordering)
    first, after = 0, None
    if cursor := request.query_params.get("cursor"):
        first, after = _decode(cursor, bound, keyset, len(groups))
    found: list[tuple[int, Row]] = []
    for number, group in enumerate(groups[first:], start=first):
        begun = ordered.filter(after) if after is not None else ordered
        after = None
        found += [(number, row) for row in group(begun, limit=limit + 1 - len(found))]
        if len(found) > limit:
            break
    shown = [row for _, row in found[:limit]]
    if len(found) <= limit:
        return Page(shown, None)
    number, last = found[limit - 1]
    following = _encode([str(number), *keyset.texts(last)], bound)
    return Page(shown, _next_url(request, following))


def everything(rows: QuerySet[Row], *, limit: int) -> list[Row]:
    """The group that all rows are in."""
    return list(rows[:limit])


def walk(
    rows: QuerySet[Row],
    *,
    ordering: Sequence[str],
    groups: Sequence[Group[Row]] | None = None,
) -> Iterator[Row]:
    """All rows, page by page as a client would follow `next`: no more in memory.

    ordering, groups: as for `page_in_turn`.
    """
    keyset = _Keyset.of(rows.model, ordering)
    rows = rows.order_by(*ordering)
    for group in groups or [everything]:
        following = rows
        while found := group(following, limit=WALKED_AT_ONCE):
            yield from found
            if len(found) < WALKED_AT_ONCE:
                break
            following = rows.filter(keyset.after(keyset.values_of(found[-1])))


def read_limit(request: Request) -> int:
    """`limit`, from 1 to MAX_LIMIT. Raises Problem 422 `invalid`."""
    return parameters.whole_number(
        request, "limit", default=DEFAULT_LIMIT, lowest=1, highest=MAX_LIMIT
    )


def read_place(request: Request) -> int | None:
    """The number after which a page starts that `next_after` led to; None without a
    cursor. Raises Problem 400 `bad-cursor`.
    """
    cursor = request.query_params.get("cursor")
    if not cursor:
        return None
    (place,) = _unsigned(cursor, _binding(request, ()))
    return int(place)


def next_after(request: Request, place: int) -> str:
    """The URL of the page of what is numbered above `place`."""
    return _next_url(request, _encode([str(place)], _binding(request, ())))


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


def _decode(
    cursor: str, bound: str, keyset: _Keyset, groups: int
) -> tuple[int, TupleGreaterThan | TupleLessThan]:
    """The group in which the last page ended, and what stands after it there."""
    group, *texts = _unsigned(cursor, bound)
    try:
        if int(group) < groups:
            return int(group), keyset.after(keyset.values(texts))
    except (ValueError, ValidationError):
        pass  # of a former form of the ordering
    raise _bad_cursor()


def _unsigned(cursor: str, bound: str) -> list[str]:
    texts: list[str]
    try:
        was_bound, *texts = signing.Signer(salt=_SALT).unsign_object(cursor)
    except (signing.BadSignature, ValueError) as error:
        raise _bad_cursor() from error  # forged or cut off
    if was_bound != bound or not texts:
        raise _bad_cursor()
    return texts


def _bad_cursor() -> Problem:
    return Problem(
        status=400,
        code="bad-cursor",
        detail="The cursor is not of this query. Start again without one.",
    )


def _next_url(request: Request, cursor: str) -> str:
    parameters = request.query_params.copy()
    parameters["cursor"] = cursor
    return request.build_absolute_uri(f"{quote(request.path)}?{parameters.urlencode()}")
