"""Held streams as operators look for them: by filters, and in groups of one cause."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Func, Max, Min, Q, QuerySet, TextField, Value
from django.db.models.functions import MD5, Left

from projections import dead_letters
from projections.models import DeadLetter

# Characters of an error's first line by which causes are told apart.
LONGEST_LINE = 200
# Errors that quote their event make a group each: more than a page can show.
GROUPS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching:
    """Which held streams: exact values; "" and () for any.

    stream: how its name begins. error_key: as `Group` has it, so that no address and no
    audit entry quotes an error, which may quote a person.
    """

    projection: str = ""
    state: str = ""
    category: str = ""
    type: str = ""
    stream: str = ""
    error_key: str = ""
    ids: Sequence[int] = ()

    def named(self) -> dict[str, Any]:
        """What narrows it beside the projection."""
        named = {name: value for name, value in asdict(self).items() if value}
        named.pop("projection", None)
        return named


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Held streams of one projection that fail in one way. parked: those of them that
    wait for an operator; example: the id of the one that is held longest.
    """

    projection: str
    category: str
    error: str
    error_key: str
    count: int
    parked: int
    first_failed_at: datetime
    last_failed_at: datetime
    example: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """The largest first, at most GROUPS; more: there are others."""

    groups: Sequence[Group]
    more: bool


def find(matching: Matching) -> QuerySet[DeadLetter]:
    """Unordered, and without those that kept tables lack."""
    found = dead_letters.current()
    exact = {
        name: getattr(matching, name)
        for name in ("projection", "state", "category", "type")
        if getattr(matching, name)
    }
    if matching.stream:
        found = found.filter(stream__startswith=matching.stream)
    if matching.error_key:
        found = found.alias(key=MD5(_line())).filter(key=matching.error_key)
    if matching.ids:
        found = found.filter(pk__in=matching.ids)
    return found.filter(**exact)


def matching(projection: str, named: Mapping[str, Any]) -> Matching:
    """The inverse of `named`; what it does not know is left out."""
    known = {each: named[each] for each in Matching.__slots__ if each in named}
    return Matching(**{**known, "projection": projection})


def groups(matching: Matching | None = None) -> Groups:
    """By projection, category and first line of the error; in one statement."""
    rows = (
        find(matching or Matching())
        .annotate(line=_line())
        .values("projection", "category", "line", error_key=MD5(F("line")))
        .annotate(
            count=Count("pk"),
            parked=Count("pk", filter=Q(state=DeadLetter.State.PARKED)),
            first=Min("first_failed_at"),
            last=Max("last_failed_at"),
            example=Min("pk"),
        )
        .order_by("-count", "projection", "category", "line")
    )[: GROUPS + 1]
    found = [
        Group(
            projection=row["projection"],
            category=row["category"],
            error=row["line"],
            error_key=row["error_key"],
            count=row["count"],
            parked=row["parked"],
            first_failed_at=row["first"],
            last_failed_at=row["last"],
            example=row["example"],
        )
        for row in rows
    ]
    return Groups(groups=found[:GROUPS], more=len(found) > GROUPS)


def _line() -> Left:
    first = Func(
        F("error"),
        Value("\n"),
        Value(1),
        function="split_part",
        output_field=TextField(),
    )
    return Left(first, LONGEST_LINE)
