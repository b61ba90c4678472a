"""What the read tables say of one stream now, projection by projection."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connections, models, transaction

from eventstore import payloads, store
from eventstore.events import RecordedEvent
from projections import checkpoints, having, registry, waiting
from projections.models import DeadLetter
from projections.projection import Projection, Table

USING = "read"
# Events of the stream behind a projection that are looked at, of all projections.
MOST_BEHIND = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row of a live table. values: by column, JSON values and what Django reads."""

    table: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamRows:
    """Of one projection. position: that of the stream's partition.

    version: of the stream, at that position; None where it is further back than was
    looked. behind: events that the projection takes and has not come to, at most
    MOST_BEHIND. letter: what holds the stream from its version on.
    shared: it keeps rows of several streams together, which are not among `rows`.
    """

    projection: str
    position: int
    version: int | None
    behind: int
    letter: DeadLetter | None
    rows: list[Row]
    shared: list[str]


def of_stream(stream: str, *, may_see: bool) -> list[StreamRows]:
    """Of the projections that read streams of this type, in order of name.

    As of one moment: the rows are those of the position. may_see: whether columns with
    personal texts are shown, else each value in them is ***. One statement a table with
    rows of one stream, and four.
    """
    wanted = {
        name: each
        for name, each in registry.all().items()
        if stream.startswith(each.stream_type.stream(""))
    }
    with transaction.atomic(using=USING):
        with connections[USING].cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        live = checkpoints.live_of(wanted)
        letters = having.letters_of(stream, live)
        rows = {name: _rows(each, stream, may_see) for name, each in wanted.items()}
    positions = {name: waiting.standing(live.get(name, []), stream) for name in wanted}
    newest = _newest(stream, after=min(positions.values(), default=0))
    return [
        StreamRows(
            projection=name,
            position=position,
            version=_version(newest, position),
            behind=sum(
                1 for e in newest if e.position > position and wanted[name].takes(e)
            ),
            letter=letters.get(name),
            rows=rows[name],
            shared=[each.name for each in wanted[name].shared_tables],
        )
        for name, position in positions.items()
    ]


def _newest(stream: str, *, after: int) -> list[RecordedEvent]:
    """The stream's newest events, newest last: one, or more if it is after a position.

    Not the first ones after it: each projection is behind by another number of them.
    """
    version = store.version_of(stream)
    last = store.read_stream(stream, from_version=version)
    if not last or last[-1].position <= after:
        return last
    return store.read_stream(stream, from_version=version - MOST_BEHIND + 1)


def _version(newest: list[RecordedEvent], position: int) -> int | None:
    seen = [each.version for each in newest if each.position <= position]
    if seen:
        return seen[-1]
    return 0 if newest and newest[0].version == 1 else None


def _rows(projection: Projection, stream: str, may_see: bool) -> list[Row]:
    tables = {each.model: each for each in projection.own_tables}
    try:
        found = projection.rows_of(stream) if tables else []
    except ValueError:
        return []  # its name has no id that a row could have
    return [_row(tables[type(each)], each, may_see) for each in found]


def _row(table: Table[Any], row: models.Model, may_see: bool) -> Row:
    hidden = set() if may_see else set(table.personal)
    return Row(
        table=table.name,
        values={
            each.column: payloads.hidden(value) if each.attname in hidden else value
            for each in table.model._meta.concrete_fields
            for value in [getattr(row, each.attname)]
        },
    )
