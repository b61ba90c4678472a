"""Lists by falling id, a page at a time, without counting and without OFFSET."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest

from monitoring.console import asked

LIMIT = 50
OLDER, NEWER = "older", "newer"
LARGEST = 10**17

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[Row]):
    """older, newer: what the links to the neighbours ask for; None: there is none."""

    rows: list[Row]
    older: int | None
    newer: int | None

    @property
    def is_first(self) -> bool:
        return self.newer is None


def page(request: HttpRequest, rows: QuerySet[Row], *, limit: int = LIMIT) -> Page[Row]:
    """The page behind ?older=ID or before ?newer=ID. Raises asked.Refused."""
    older = asked.whole(request, OLDER, lowest=0, highest=LARGEST)
    newer = asked.whole(request, NEWER, lowest=0, highest=LARGEST)
    if older is not None:
        found = list(rows.filter(pk__lt=older).order_by("-pk")[: limit + 1])
        return _page(found[:limit], has_newer=True, has_older=len(found) > limit)
    if newer is not None:
        found = list(rows.filter(pk__gt=newer).order_by("pk")[: limit + 1])
        shown = found[:limit][::-1]
        if shown:
            return _page(shown, has_newer=len(found) > limit, has_older=True)
    found = list(rows.order_by("-pk")[: limit + 1])
    return _page(found[:limit], has_newer=False, has_older=len(found) > limit)


def _page(rows: list[Row], *, has_newer: bool, has_older: bool) -> Page[Row]:
    return Page(
        rows=rows,
        older=rows[-1].pk if rows and has_older else None,
        newer=rows[0].pk if rows and has_newer else None,
    )
