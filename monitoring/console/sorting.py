"""Rows in the order that ?sort= names, "lag_seconds" or "-lag_seconds"."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from django.http import HttpRequest

Row = TypeVar("Row")
PARAMETER = "sort"


def ordered(
    request: HttpRequest,
    rows: Iterable[Row],
    *,
    columns: Mapping[str, Callable[[Row], Any]],
    default: str,
) -> list[Row]:
    """columns: of those that can be sorted by, what is compared; None comes last.

    A name that is none of them counts as `default`.
    """
    asked = request.GET.get(PARAMETER, default)
    name = asked.removeprefix("-")
    if name not in columns:
        asked, name = default, default.removeprefix("-")
    of = columns[name]
    known = [each for each in rows if of(each) is not None]
    unknown = [each for each in rows if of(each) is None]
    return sorted(known, key=of, reverse=asked.startswith("-")) + unknown
