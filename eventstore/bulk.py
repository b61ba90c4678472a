"""Many commands at once: load their streams, decide each, append in one statement.

The number of statements does not grow with the commands. What one command meets is its
own affair: a refusal or a conflict hinders no other.
"""

import dataclasses
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connections, transaction

from eventstore import commands, errors, snapshots, store
from eventstore.commands import Context, Loaded, Outcome
from eventstore.events import NewEvent, RecordedEvent
from eventstore.store import Appended, StreamAppend
from eventstore.streams import StreamType
from eventstore.telemetry import recording
from eventstore.telemetry.recording import Handled

# Newest first and not more than `limit` of each: a stream of many events must not hold
# up the others, and has a snapshot.
READ_NEWEST_OF_EACH = f"""
SELECT newest.*
FROM unnest(%s::text[]) AS asked (name)
CROSS JOIN LATERAL (
    SELECT {store.COLUMNS}
    FROM eventstore_event
    WHERE stream = asked.name
    ORDER BY version DESC
    LIMIT %s
) AS newest
ORDER BY newest.stream, newest.version
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One command, and the id of the stream that it is for."""

    stream_id: object
    command: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class _Decided:
    """loaded: the stream as the command found it; new: its events, once prepared."""

    stream: str
    loaded: Loaded
    decided: Sequence[Any]
    new: Sequence[NewEvent] = field(default=())


def handle(
    stream_type: StreamType, asks: Sequence[Ask], *, at: datetime, context: Context
) -> list[Outcome | Exception]:
    """What each command led to, in their order; all is stored when this returns.

    In the place of a command that was refused stands what `commands.handle` would have
    raised: the domain's rejection, or VersionConflict. Commands of one stream are
    decided in their order, each upon what those before it did. A stream that another
    writer has changed meanwhile is loaded and decided again, the others are not.
    In the caller's transaction where there is one, else in one of its own.
    Raises WrongIsolation, ValueError for a context that names a command.
    """
    if context.command_id:
        raise ValueError("each of many commands gets an id of its own")
    left, done = dict(enumerate(asks)), dict[int, Outcome | Exception]()
    with transaction.atomic(savepoint=False):
        commands.refuse_snapshot_isolation()
        began, attempts = time.perf_counter(), dict[int, int]()
        for attempt in range(1, commands.attempts() + 1):
            if not left:
                break
            done |= _once(stream_type, left, at=at, context=context)
            attempts |= dict.fromkeys(left, attempt)
            left = {place: ask for place, ask in left.items() if place not in done}
        recording.many(
            stream_type,
            [
                _handled(stream_type, asks[place], result, attempts[place])
                for place, result in done.items()
            ],
            context=context,
            seconds=time.perf_counter() - began,
        )
        done |= _one_by_one(stream_type, left, at=at, context=context)
    return [done[place] for place in range(len(asks))]


def _handled(
    stream_type: StreamType, ask: Ask, result: Outcome | Exception, attempts: int
) -> Handled:
    return Handled(
        command=ask.command,
        stream=stream_type.stream(ask.stream_id),
        result=result,
        attempts=attempts,
    )


def preview(
    stream_type: StreamType, asks: Sequence[Ask], *, at: datetime
) -> list[list[str] | Exception]:
    """The types of the events that each command would store now, or its refusal."""
    decided = _decide(stream_type, dict(enumerate(asks)), at=at)
    return [
        [stream_type.type_of(event).name for event in each.decided]
        if isinstance(each, _Decided)
        else each
        for each in decided.values()
    ]


def _once(
    stream_type: StreamType,
    asks: Mapping[int, Ask],
    *,
    at: datetime,
    context: Context,
) -> dict[int, Outcome | Exception]:
    """By place; without the commands of streams that were not as they were loaded."""
    found = _decide(stream_type, asks, at=at)
    decided = {
        place: dataclasses.replace(
            each, new=_prepare(stream_type, asks[place], each, at, context)
        )
        for place, each in found.items()
        if isinstance(each, _Decided)
    }
    appends = _appends(list(decided.values()))
    stored = _append(appends)
    grown = {stream for stream, _ in stored}
    missed = {append.stream for append in appends} - grown
    _keep_snapshots(stream_type, list(decided.values()), grown)
    done: dict[int, Outcome | Exception] = {}
    for place, each in found.items():
        if isinstance(each, Exception):
            if stream_type.stream(asks[place].stream_id) not in missed:
                done[place] = each
        elif each.stream not in missed:
            done[place] = _outcome(decided[place], stored)
    return done


def _one_by_one(
    stream_type: StreamType,
    asks: Mapping[int, Ask],
    *,
    at: datetime,
    context: Context,
) -> dict[int, Outcome | Exception]:
    """What is left where writers won again and again: the others cannot wait for it.

    Sorted by stream, as an append of many is: two bulks must not deadlock.
    """
    done: dict[int, Outcome | Exception] = {}
    by_stream = sorted(
        asks.items(), key=lambda item: (stream_type.stream(item[1].stream_id), item[0])
    )
    for place, ask in by_stream:
        try:
            done[place] = commands.handle(
                stream_type, ask.stream_id, ask.command, at=at, context=context
            )
        except (stream_type.rejection, errors.VersionConflict) as refusal:
            done[place] = refusal
    return done


def _decide(
    stream_type: StreamType, asks: Mapping[int, Ask], *, at: datetime
) -> dict[int, _Decided | Exception]:
    loaded = _load(stream_type, {ask.stream_id for ask in asks.values()})
    found: dict[int, _Decided | Exception] = {}
    for place, ask in asks.items():
        stream = stream_type.stream(ask.stream_id)
        now = loaded[stream]
        try:
            decided = stream_type.decide(now.state, ask.command, at=at)
        except stream_type.rejection as refusal:
            found[place] = refusal
            continue
        found[place] = _Decided(stream=stream, loaded=now, decided=decided)
        loaded[stream] = dataclasses.replace(
            now,
            state=stream_type.fold(now.state, [(each, at) for each in decided]),
            version=now.version + len(decided),
        )
    return found


def _load(stream_type: StreamType, ids: set[object]) -> dict[str, Loaded]:
    limit = None  # all events
    if snapshots.are_kept(stream_type):
        limit = 1 + settings.CQRS.command_side.snapshot.frequency
    by_stream = {stream_type.stream(id): id for id in ids}
    events = _read(list(by_stream), limit)
    return {
        stream: commands.load(stream_type, id)
        if limit is not None and len(events.get(stream, ())) == limit
        else _fold(stream_type, events.get(stream, []))
        for stream, id in by_stream.items()
    }


def _read(streams: list[str], limit: int | None) -> dict[str, list[RecordedEvent]]:
    """The newest events of each stream that has any, oldest first."""
    found: dict[str, list[RecordedEvent]] = {}
    with connections["default"].cursor() as cursor:
        cursor.execute(READ_NEWEST_OF_EACH, [streams, limit])
        for row in cursor.fetchall():
            event = RecordedEvent(*row)
            found.setdefault(event.stream, []).append(event)
    return found


def _fold(stream_type: StreamType, events: Sequence[RecordedEvent]) -> Loaded:
    if not events:
        return Loaded(state=None)
    last = events[-1]
    told = [(each.data, each.occurred_at) for each in events]
    return Loaded(
        state=stream_type.fold(None, told),
        version=last.version,
        position=last.position,
        event=last,
        keys=snapshots.Beginning(events=events).keys,
    )


def _prepare(
    stream_type: StreamType, ask: Ask, each: _Decided, at: datetime, context: Context
) -> list[NewEvent]:
    return commands.prepare(
        stream_type, ask.stream_id, each.loaded, each.decided, at=at, context=context
    )


def _appends(decided: Sequence[_Decided]) -> list[StreamAppend]:
    """One for each stream that gets events, with those of all its commands."""
    appends: dict[str, StreamAppend] = {}
    for each in decided:
        if each.new:
            first = StreamAppend(each.stream, each.loaded.version, ())
            before = appends.get(each.stream, first)
            appends[each.stream] = dataclasses.replace(
                before, events=[*before.events, *each.new]
            )
    return list(appends.values())


def _append(appends: Sequence[StreamAppend]) -> dict[tuple[str, int], Appended]:
    """What was stored, by stream and version."""
    if not appends:
        return {}
    try:
        stored = store.append_many(appends)
    except errors.ConcurrencyConflict:
        return {}  # seen at the commit of another writer: nothing was stored
    return {(each.stream, each.version): each for each in stored}


def _keep_snapshots(
    stream_type: StreamType, decided: Sequence[_Decided], grown: set[str]
) -> None:
    counts: dict[str, int] = {}
    first: dict[str, Loaded] = {}  # as the log has it
    for each in decided:
        counts[each.stream] = counts.get(each.stream, 0) + len(each.new)
        first.setdefault(each.stream, each.loaded)
    for stream in grown:
        commands.keep_snapshot(stream_type, first[stream], appending=counts[stream])


def _outcome(each: _Decided, stored: Mapping[tuple[str, int], Appended]) -> Outcome:
    if each.new:
        first = each.loaded.version + 1
        versions = range(first, first + len(each.new))
        appended = [stored[each.stream, version] for version in versions]
        return commands.outcome(each.stream, new=each.new, appended=appended)
    # It changes nothing; the version it found may be of a command before it.
    before = stored.get((each.stream, each.loaded.version))
    position = before.position if before else each.loaded.position
    now = dataclasses.replace(each.loaded, position=position)
    return commands.nothing_new(each.stream, now)
