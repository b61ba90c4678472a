"""Folds the events of a batch; a stream whose event fails is left where it failed (P5).

A row belongs to one stream, so a stream's changes can be taken back alone; what it
adds to shared rows is kept apart until all of it is folded.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain

from django.db import transaction

from eventstore.events import RecordedEvent
from projections import failure, row_sql, timings
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
    with timings.step(timings.READ):
        rows = _loaded(projection, events, schema)
    with timings.step(timings.FOLD):
        failures = _fold(projection, rows, events)
    with timings.step(timings.WRITE):
        _write(projection, rows)
    return failures


def bisected(
    projection: Projection, events: Sequence[RecordedEvent], *, schema: str = ""
) -> list[Failed]:
    """As `together`, for events of which some cannot be stored: finds which.

    Halves what fails, by streams and at last along the stream: a bad row among a
    thousand streams costs ten rounds of a few statements.
    """
    row_sql.lock_shared(projection.shared_tables, using=USING, schema=schema)
    return _halved(projection, events, schema)


def erase(
    projection: Projection, events: Sequence[RecordedEvent], *, schema: str = ""
) -> None:
    """Takes personal texts out of the rows of streams that are held."""
    if not events or not projection.has_personal:
        return
    rows = _loaded(projection, events, schema)
    for event in events:
        projection.erase(rows, event)
    _write(projection, rows)


def _halved(
    projection: Projection, events: Sequence[RecordedEvent], schema: str
) -> list[Failed]:
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
        for failed in _halved(projection, list(chain(*half)), schema)
    ]


def _along(
    projection: Projection, events: Sequence[RecordedEvent], schema: str
) -> list[Failed]:
    """`_halved` within one stream: its second half only if the first one is stored."""
    middle = len(events) // 2
    first, second = events[:middle], events[middle:]
    if failures := _halved(projection, first, schema):
        return failures
    return [
        replace(failed, before=[*first, *failed.before])
        for failed in _halved(projection, second, schema)
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
    rows.added = {}
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
    of_others = rows.set_added_aside()
    for place, event in enumerate(events):
        try:
            projection.fold(rows, event)
        except Exception as error:
            if not failure.is_of_event(error):
                raise
            _forget(projection, rows, events)
            rows.added = of_others
            return Failed(event, error, events[:place])
    rows.join_added(of_others)
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
    for table in projection.own_tables:
        keys = keys_of(table, events)
        rows.load(table, row_sql.load(table, keys, using=USING, schema=rows.schema))
    return rows


def _reload(
    projection: Projection, rows: Rows, events: Sequence[RecordedEvent]
) -> None:
    _forget(projection, rows, events)
    for table in projection.own_tables:
        keys = keys_of(table, events)
        rows.reload(table, row_sql.load(table, keys, using=USING, schema=rows.schema))


def _forget(
    projection: Projection, rows: Rows, events: Sequence[RecordedEvent]
) -> None:
    for table in projection.own_tables:
        for key in keys_of(table, events):
            rows.forget(table, key)


def _write(projection: Projection, rows: Rows) -> None:
    for table in projection.own_tables:
        row_sql.write(table, rows.changed(table), using=USING, schema=rows.schema)
        row_sql.delete(table, rows.deleted(table), using=USING, schema=rows.schema)
    # Last, as everybody who adds to the same rows waits from here to our commit.
    for table in projection.shared_tables:
        added = rows.added.get(table, {})
        row_sql.add(table, added, using=USING, schema=rows.schema)


def _by_stream(events: Sequence[RecordedEvent]) -> list[list[RecordedEvent]]:
    found: dict[str, list[RecordedEvent]] = {}
    for event in events:
        found.setdefault(event.stream, []).append(event)
    return list(found.values())
