"""A file of events into an empty store: the same positions, versions, ids and seals."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import DataError, IntegrityError, connections, transaction

from eventstore import errors, wakeup
from eventstore.files import keys, reading
from eventstore.files.lines import Event, Header, Key
from eventstore.files.reading import Chunk
from eventstore.models import Log
from eventstore.seals import marks

# Nobody reads or writes until all is there, or nothing.
LOCK = "LOCK TABLE eventstore_event, eventstore_seal IN ACCESS EXCLUSIVE MODE"
IS_EMPTY = """
SELECT NOT EXISTS (SELECT FROM eventstore_event)
   AND NOT EXISTS (SELECT FROM eventstore_seal)
"""
# The table refuses positions at or below the sequence's last value as it was when the
# transaction began to insert, for readers may have passed them. Of an empty, locked
# table nobody has passed any: the sequence goes back, and every position may come. It
# goes to the newest one before the commit; a value of a sequence is never rolled back,
# but one that is too high only leaves a hole.
RESTART = "SELECT setval('eventstore_event_position_seq', 1, false)"
GO_ON = "SELECT setval('eventstore_event_position_seq', %s)"
# The trigger gives appends 10 s between statements; a slow disk may need more.
PATIENCE = "SET LOCAL idle_in_transaction_session_timeout = '10min'"
# COPY keeps the positions, as INSERT does with OVERRIDING SYSTEM VALUE.
COPY = """
COPY eventstore_event
    (position, event_id, stream, version, type, schema_version, recorded_at,
     occurred_at, data, metadata)
FROM STDIN
"""
COPIED_LINE = re.compile(r"COPY eventstore_event, line (\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """epoch: that of the log from now on."""

    events: int
    seals: int
    last_position: int
    epoch: int


def import_file(
    path: Path,
    *,
    tell: Callable[[int], object] = lambda position: None,
    using: str = "default",
) -> Imported:
    """Stores all events and seals of a file, or nothing.

    The log takes the id of the one that was exported, and an epoch of its own.
    tell: is called with the position that is stored. Raises StoreNotEmpty; BrokenFile,
    which names the line; NoSealKey, OSError; RuntimeError within a transaction.
    """
    with reading.opened(path) as file, transaction.atomic(using=using, durable=True):
        if file.header.after:
            fault = f"it begins behind position {file.header.after}: no whole log"
            raise errors.BrokenFile(path=path, line=1, fault=fault)
        _begin(using)
        events = seals = position = 0
        for chunk in file.chunks():
            if chunk.key:
                _store_key(path, chunk.key, chunk.first_line, using)
            if chunk.events:
                _store(path, chunk, position, using)
                position = chunk.events[-1].position
            if chunk.seal:
                chunk.seal.save(using=using, force_insert=True)
                seals += 1
            events += len(chunk.events)
            tell(position)
        epoch = _end(file.header, position, using)
        transaction.on_commit(wakeup.hint, using=using)
    return Imported(events=events, seals=seals, last_position=position, epoch=epoch)


def _begin(using: str) -> None:
    with connections[using].cursor() as cursor:
        cursor.execute(LOCK)
        cursor.execute(IS_EMPTY)
        if not cursor.fetchone()[0]:
            raise errors.StoreNotEmpty("the log has events: only an empty one imports")
        cursor.execute(RESTART)


def _store(path: Path, chunk: Chunk, after: int, using: str) -> None:
    connection = connections[using]
    with connection.cursor() as cursor:
        try:
            # Django knows no COPY: its errors would come as the driver's.
            with connection.wrap_database_errors, cursor.copy(COPY) as copy:
                for event in chunk.events:
                    copy.write_row(_row(event))
        except (DataError, IntegrityError) as error:
            raise _refused(path, chunk, error) from error
        cursor.execute(PATIENCE)
    # What counts is what was stored, not what was read.
    stored = marks.read(after=after, up_to=chunk.events[-1].position, using=using)
    if change := marks.first_change(chunk.marks, stored):
        fault = "PostgreSQL does not store this event as it is written here"
        raise errors.BrokenFile(path=path, line=chunk.line_of(change[0]), fault=fault)


def _store_key(path: Path, key: Key, line: int, using: str) -> None:
    try:
        keys.store(bytes(key.row).decode(), using=using)
    except (DataError, IntegrityError) as error:
        fault = f"this key cannot be stored: {type(error).__name__}"
        raise errors.BrokenFile(path=path, line=line, fault=fault) from error


def _row(event: Event) -> list[Any]:
    return [
        event.position,
        event.event_id,
        event.stream,
        event.version,
        event.type,
        event.schema_version,
        event.recorded_at,
        event.occurred_at,
        event.data_text,
        event.metadata_text,
    ]


def _refused(path: Path, chunk: Chunk, error: Exception) -> errors.BrokenFile:
    told = getattr(error.__cause__, "diag", None)
    line = chunk.first_line
    if found := COPIED_LINE.search(getattr(told, "context", None) or ""):
        line += int(found[1]) - 1
    fault = getattr(told, "message_primary", None) or str(error)
    return errors.BrokenFile(path=path, line=line, fault=fault)


def _end(header: Header, position: int, using: str) -> int:
    if position:
        with connections[using].cursor() as cursor:
            cursor.execute(GO_ON, [position])
    log = Log.objects.using(using).get()
    # What the exported log has told since then (tokens, cursors, checkpoints) may name
    # events that are not here: it is void.
    log.log_id, log.epoch = header.log_id, max(header.epoch, log.epoch) + 1
    log.save(using=using)
    return log.epoch
