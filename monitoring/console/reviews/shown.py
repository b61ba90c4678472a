"""A review: what a page shows before something is done, in words and numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import connections

from eventstore.templatetags import shown as texts
from projections import registry
from projections.models import Operation

Fact = tuple[str, str]

# Rows as the server last counted them: exact ones would take as long as the tables are.
ROWS = """
SELECT coalesce(sum(greatest(reltuples, 0)), 0)
FROM pg_class
WHERE oid = ANY(%s::regclass[])
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """seen: how the target stands, for the signed text (projections/standings.py).

    now, then: facts as (name, text). touches: how many rows and events. takes: how long
    it may be, and from what that is known. readers: what they see meanwhile.
    warnings: what may surprise. typed: a name that is typed to confirm, "" for none.
    """

    seen: str
    now: Sequence[Fact]
    then: Sequence[Fact]
    touches: str
    takes: str
    readers: str
    warnings: Sequence[str] = ()
    needs_reason: bool = False
    typed: str = ""


def rows(name: str) -> int:
    """About how many rows the live tables of a projection have."""
    tables = [each.name for each in getattr(registry.get(name), "tables", ())]
    with connections["read"].cursor() as cursor:
        cursor.execute(ROWS, [tables])
        (estimated,) = cursor.fetchone()
    return int(estimated)


def rebuild_time(name: str, *, events: int) -> str:
    """From the last rebuild of it that came to its end."""
    rebuilt = Operation.objects.filter(
        projection=name, kind=Operation.Kind.REBUILD, state=Operation.State.FINISHED
    )
    last = rebuilt.order_by("-pk").first()
    took = last.finished_at - last.started_at if last and last.finished_at else None
    if last is None or not took or not last.done:
        return "Nobody knows: no rebuild of it has come to its end yet."
    return (
        f"About {texts.duration(_scaled(took, events / last.done))}: rebuild {last.pk} "
        f"took {texts.duration(took.total_seconds())} for {texts.count(last.done)} "
        "positions."
    )


def _scaled(took: timedelta, times: float) -> float:
    seconds = took.total_seconds() * times
    return round(seconds) if seconds >= 10 else round(seconds, 1)
