"""The settled log into a file, a batch at a time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from django.db import connections
from django.utils import timezone

from eventstore import log, settled, store
from eventstore.files import keys, lines, writing
from eventstore.files.lines import Event, Header, Key, Sealed
from eventstore.files.writing import Writer
from eventstore.models import Seal
from eventstore.seals import chain

BATCH = 1_000  # events a read

READ = """
SELECT position, event_id, stream, version, type, schema_version, recorded_at,
       occurred_at, data::text, metadata::text
FROM eventstore_event
WHERE position > %s AND position <= %s
ORDER BY position
LIMIT %s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    events: int
    seals: int
    last_position: int


def export(
    path: Path,
    *,
    start: int = 1,
    up_to: int | None = None,
    readable: bool = False,
    with_keys: bool = False,
    tell: Callable[[int], object] = lambda position: None,
    using: str = "default",
) -> Exported:
    """Writes the events from position `start` on, and the seals that cover only them.

    up_to: a settled position; else everything that is settled now. readable: envelopes
    at the newest schema version instead, for people. with_keys: also the wrapped keys
    that there are. tell: is called with the position that is written.
    Raises FileExistsError, OSError.
    """
    if up_to is None:
        up_to = newest_position(using=using)
    with writing.opened(path) as file:
        file.write(_header(start, up_to, readable, using))
        if with_keys:
            # After up_to is known: what was encrypted for those events has its key.
            for row in keys.rows(using=using):
                file.write(Key(row=msgspec.Raw(row)))
        write = _write_readable if readable else _write_stored
        write(file, start, up_to, tell, using)
        events, seals = file.events, file.seals
    return Exported(events=events, seals=seals, last_position=up_to)


def newest_position(*, using: str = "default") -> int:
    """Of the newest settled event; 0 for none."""
    at = settled.position(using=using).settled
    newest = store.newest_settled(up_to=at, using=using)
    return newest.position if newest else 0


def _header(start: int, up_to: int, readable: bool, using: str) -> Header:
    identity = log.identity(using=using)
    return Header(
        format=lines.FORMAT,
        log_id=UUID(identity.log_id),
        epoch=identity.epoch,
        after=start - 1,
        up_to=up_to,
        made_at=timezone.now(),
        readable=readable,
    )


def _write_readable(
    file: Writer, start: int, up_to: int, tell: Callable[[int], object], using: str
) -> None:
    after = start - 1
    while batch := store.read_settled(
        after=after, limit=BATCH, up_to=up_to, using=using
    ):
        for event in batch:
            file.write(event.envelope())
        after = batch[-1].position
        tell(after)


def _write_stored(
    file: Writer, start: int, up_to: int, tell: Callable[[int], object], using: str
) -> None:
    for after, last, seal in _stretches(start, up_to, using):
        for rows in _batches(after, last, using):
            for row in rows:
                file.write(_event(row))
            tell(rows[-1][0])
        if seal:
            file.write(Sealed.of(seal))


def _stretches(
    start: int, up_to: int, using: str
) -> Iterator[tuple[int, int, Seal | None]]:
    """(after, last, seal): each range with its seal, if it is exported as a whole."""
    after = start - 1
    before = chain.newest_before(start, using=using)
    for seal in chain.after(before.number if before else 0, using=using):
        if seal.last_position > up_to:
            break
        yield after, seal.last_position, seal if seal.first_position > after else None
        after = seal.last_position
    yield after, up_to, None


def _batches(after: int, last: int, using: str) -> Iterator[list[tuple[Any, ...]]]:
    while rows := _rows(after, last, using):
        yield rows
        after = rows[-1][0]


def _rows(after: int, last: int, using: str) -> list[tuple[Any, ...]]:
    with connections[using].cursor() as cursor:
        cursor.execute(READ, [after, last, BATCH])
        return list(cursor.fetchall())


def _event(row: tuple[Any, ...]) -> Event:
    *columns, data, metadata = row
    names = Event.__struct_fields__
    raw = msgspec.Raw(data), msgspec.Raw(metadata)
    return Event(**dict(zip(names, [*columns, *raw], strict=True)))
