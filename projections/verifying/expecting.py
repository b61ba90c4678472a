"""What the rows of a stream should be: its events folded from nothing, in memory.

Only rows that belong to one stream. A shared row is the sum over all streams, which
only a rebuild can tell; what a stream has added to it follows from the stream's own
rows, which are looked at.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import models

from eventstore.events import RecordedEvent
from projections import failure, row_sql
from projections.projection import Projection, Rows, Table
from projections.row_sql import Texts
from projections.verifying.looks import Look

USING = "read"
# Values of these kinds tell nothing about a person, and can be kept beside the counts.
# Texts and documents may: forgetting must not have to look for them there.
SHOWN = (
    models.IntegerField,
    models.DecimalField,
    models.FloatField,
    models.BooleanField,
    models.DateField,  # DateTimeField is one
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Differing:
    """A row that is not what its stream's events give.

    row: "missing", "extra" or "differs"; or "unreadable" when the events cannot be
    folded any more, `error` then names the exception. columns: those that differ;
    values: of the harmless ones of them [stored, expected], as texts.
    """

    stream: str
    table: str
    row: str
    columns: list[str] = field(default_factory=list)
    values: dict[str, list[str | None]] = field(default_factory=dict)
    error: str = ""


def differences(projection: Projection, look: Look) -> list[Differing]:
    """What differs of a stream's rows, [] if nothing does.

    An event that is skipped may be in these rows all the same: skipping is for all
    generations, and the one in which it failed may have been another. Raises faults of
    the infrastructure.
    """
    taken = [each for each in look.events if each.event_id not in look.skipped]
    found = _between(projection, look, taken)
    if found and len(taken) < len(look.events):
        return found if _between(projection, look, look.events) else []
    return found


def _between(
    projection: Projection, look: Look, events: Sequence[RecordedEvent]
) -> list[Differing]:
    rows = Rows()
    for table in projection.own_tables:
        rows.load(table, {})
    try:
        for event in events:
            projection.fold(rows, event)
    except Exception as error:
        if not failure.is_of_event(error):
            raise
        table, name = projection.own_tables[0], type(error).__name__
        return [_differing(look, table, "unreadable", error=name)]
    return [
        differing
        for table in projection.own_tables
        for differing in _of_table(
            look,
            table,
            row_sql.texts_if_stored(table, rows.changed(table), using=USING),
        )
    ]


def _of_table(look: Look, table: Table[Any], expected: Texts) -> Iterator[Differing]:
    stored = look.stored[table]
    for _ in expected.keys() - stored.keys():
        yield _differing(look, table, "missing")
    for _ in stored.keys() - expected.keys():
        yield _differing(look, table, "extra")
    harmless = {each.column for each in table.other_fields if isinstance(each, SHOWN)}
    for key in stored.keys() & expected.keys():
        is_, should = stored[key], expected[key]
        if names := [name for name in is_ if is_[name] != should[name]]:
            values = {n: [is_[n], should[n]] for n in names if n in harmless}
            yield _differing(look, table, "differs", columns=names, values=values)


def _differing(look: Look, table: Table[Any], row: str, **more: Any) -> Differing:
    return Differing(stream=look.sampled.stream, table=table.name, row=row, **more)
