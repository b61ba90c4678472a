"""What a projection declares, and the rows that a batch works on."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, TypeVar

from django.db import models

from eventstore.events import RecordedEvent
from projections.subscriber import Subscriber

Row = TypeVar("Row", bound=models.Model)


@dataclass(frozen=True, eq=False)
class Table(Generic[Row]):
    """A read table: its model, whose primary key is the key of a row.

    key_of(event) -> key of the one row that the event touches.
    structs: JSON columns that hold a typed struct while a batch works on the row.
    """

    model: type[Row]
    key_of: Callable[[RecordedEvent], Hashable]
    structs: Mapping[str, type[Any]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.model._meta.db_table


class Rows:
    """The rows of one batch, in memory: loaded in one statement a table, changed by
    `fold`, written in one statement a table.

    schema: of the tables they come from and go to; "" for the live ones.
    """

    def __init__(self, *, schema: str = "") -> None:
        self.schema = schema
        self._rows: dict[Table[Any], dict[Hashable, Any]] = {}
        self._changed: dict[Table[Any], set[Hashable]] = {}

    def load(self, table: Table[Row], found: Mapping[Hashable, Row]) -> None:
        self._rows[table] = dict(found)
        self._changed[table] = set()

    def get(self, table: Table[Row], key: Hashable) -> Row | None:
        """The row as the batch has it so far, or None. Tell `put` of any change."""
        row: Row | None = self._rows[table].get(key)
        return row

    def put(self, table: Table[Row], row: Row) -> None:
        """Adds a row, or tells that one was changed."""
        self._rows[table][row.pk] = row
        self._changed[table].add(row.pk)

    def delete(self, table: Table[Row], key: Hashable) -> None:
        self._rows[table][key] = None
        self._changed[table].add(key)

    def forget(self, table: Table[Any], key: Hashable) -> None:
        """As if the batch had never touched the row."""
        self._rows[table].pop(key, None)
        self._changed[table].discard(key)

    def reload(self, table: Table[Row], found: Mapping[Hashable, Row]) -> None:
        """Puts rows back as they are stored."""
        self._rows[table].update(found)

    def changed(self, table: Table[Row]) -> list[Row]:
        rows = self._rows[table]
        return [rows[key] for key in self._changed[table] if rows[key] is not None]

    def deleted(self, table: Table[Row]) -> list[Hashable]:
        rows = self._rows[table]
        return [key for key in self._changed[table] if rows[key] is None]


class Projection(Subscriber):
    """Keeps read tables from the log. One subclass each, in <app>/projections/.

    name, version: a change of what `fold` writes needs a higher version; after a deploy
    it is rebuilt by itself. also_maintains: earlier versions whose rows `fold` leaves
    right as well, so that this code may keep the old tables meanwhile.
    stream_type, reads: the event structs of that stream type that `fold` takes.
    tables: written by nobody else; each row belongs to one stream.
    """

    tables: ClassVar[Sequence[Table[Any]]]
    also_maintains: ClassVar[Sequence[int]] = ()

    def fold(self, rows: Rows, event: RecordedEvent) -> None:
        """Changes `rows` by one event. No clock, no randomness, no query, no effect."""
        raise NotImplementedError

    def maintains(self, version: int) -> bool:
        """Whether this code may write the tables of that version."""
        return version == self.version or version in self.also_maintains

    def rows_of(self, stream: str) -> Sequence[models.Model]:
        """The live rows that belong to a stream, for comparison and for consoles."""
        raise NotImplementedError


def keys_of(table: Table[Any], events: Iterable[RecordedEvent]) -> list[Hashable]:
    """The distinct keys of a table's rows that the events touch."""
    return list({table.key_of(event) for event in events})
