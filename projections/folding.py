"""Folds the events of a batch; a stream whose event fails is left where it failed (P5).

Every row belongs to one stream, so a stream's changes can be taken back alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain

from django.db import transaction

from eventstore.events import RecordedEvent
from projections import failure, row_sql
from projections.projection import Projection, Rows, keys_of

USING = "read"


@dataclass(frozen=True, slots=True)
class Failed:
    """An event that could not be folded; `before` are those of its stream that were."""

    event: RecordedEvent
    error: Exception
    before: Sequence[RecordedEvent]


def together(
    projection: Projection, events: Sequence[RecordedEvent], *, schema: str = ""
) -> list[Failed]:
    """Changes the tables by the events, in the caller's transaction on "read".

    schema: that of the generation's tables, "" for the live ones.
    Returns what failed: of those streams the events before the failing one are folded,
    the failing one and those behind it are not. Raises faults that are not an event's,
    and others where rows cannot be loaded or stored: `bisected` finds whose they are.
    """
    if not events:
        return []
    rows = _loaded(projection, events, schema)
    failures = _fold(projection, rows, events)
    _write(projection, rows)
    return failures


def bisected(
    projection: Projection, events: Sequence[RecordedEvent], *, schema: str = ""
) -> list[Failed]:
    """As `together`, for events of which some cannot be stored: finds which.

    Halves what fails, by streams and at last along the stream: a bad row among a
    thousand streams costs ten rounds of a few statements.
    """
    try:
        with transaction.atomic(using=USING):
            return together(projection, events, schema=schema)
    except Exception as error:
        if not failure.is_of_event(error):
            raise
        if len(events) == 1:
            return [Failed(events[0], error, [])]
    streams = _by_stream(events)
    if len(streams) == 1:
        return _along(projection, events, schema)
    middle = len(streams) // 2
    return [
        failed
        for half in (streams[:middle], streams[middle:])
        for failed in bisected(projection, list(chain(*half)), schema=schema)
    ]


def _along(
    projection: Projection, events: Sequence[RecordedEvent], schema: str
) -> list[Failed]:
    """`bisected` within one stream: its second half only if the first one is stored."""
    middle = len(events) // 2
    first, second = events[:middle], events[middle:]
    if failures := bisected(projection, first, schema=schema):
        return failures
    return [
        replace(failed, before=[*first, *failed.before])
        for failed in bisected(projection, second, schema=schema)
    ]


def _fold(
    projection: Projection, rows: Rows, events: Sequence[RecordedEvent]
) -> list[Failed]:
    try:
        for event in events:
            projection.fold(rows, event)
        return []
    except Exception as error:
        if not failure.is_of_event(error):
            raise
    # Rows are half changed: once more from the stored ones, each stream by itself.
    _reload(projection, rows, events)
    failures = []
    for stream in _by_stream(events):
        if failed := _fold_stream(projection, rows, stream):
            failures.append(failed)
    _redo(projection, rows, failures)
    return failures


def _fold_stream(
    projection: Projection, rows: Rows, events: Sequence[RecordedEvent]
) -> Failed | None:
    for place, event in enumerate(events):
        try:
            projection.fold(rows, event)
        except Exception as error:
            if not failure.is_of_event(error):
                raise
            _forget(projection, rows, events)
            return Failed(event, error, events[:place])
    return None


def _redo(projection: Projection, rows: Rows, failures: Sequence[Failed]) -> None:
    """Folds what came before the failing events, on rows as they are stored."""
    before = [event for each in failures for event in each.before]
    _reload(projection, rows, before)
    for event in before:
        projection.fold(rows, event)


def _loaded(
    projection: Projection, events: Sequence[RecordedEvent], schema: str
) -> Rows:
    rows = Rows(schema=schema)
    for table in projection.tables:
        keys = keys_of(table, events)
        rows.load(table, row_sql.load(table, keys, using=USING, schema=rows.schema))
    return rows


def _reload(
    projection: Projection, rows: Rows, events: Sequence[RecordedEvent]
) -> None:
    _forget(projection, rows, events)
    for table in projection.tables:
        keys = keys_of(table, events)
        rows.reload(table, row_sql.load(table, keys, using=USING, schema=rows.schema))


def _forget(
    projection: Projection, rows: Rows, events: Sequence[RecordedEvent]
) -> None:
    for table in projection.tables:
        for key in keys_of(table, events):
            rows.forget(table, key)


def _write(projection: Projection, rows: Rows) -> None:
    for table in projection.tables:
        row_sql.write(table, rows.changed(table), using=USING, schema=rows.schema)
        row_sql.delete(table, rows.deleted(table), using=USING, schema=rows.schema)


def _by_stream(events: Sequence[RecordedEvent]) -> list[list[RecordedEvent]]:
    found: dict[str, list[RecordedEvent]] = {}
    for event in events:
        found.setdefault(event.stream, []).append(event)
    return list(found.values())
