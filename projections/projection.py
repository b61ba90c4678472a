"""What a projection declares, and the rows that a batch works on."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, ClassVar, Generic, Protocol, TypeVar, cast

from django.db import models

from eventstore.events import RecordedEvent
from projections.subscriber import Subscriber

Row = TypeVar("Row", bound=models.Model)


@dataclass(frozen=True, eq=False)
class Table(Generic[Row]):
    """A read table: its model, whose primary key is the key of a row; a tuple where
    that key is of several columns.

    key_of(event) -> key of the one row that the event touches. It contains the stream,
    and comes from the event's envelope: `data` may be unreadable.
    structs: JSON columns that hold a typed struct while a batch works on the row.
    shared: several streams share a row. Then there is no `key_of`: nobody loads the
    rows, `fold` only adds to them, and what adds up to zero stays, as a row of zeros,
    unless drops_zeros.
    personal: columns with texts of persons; reports of differences do not show them.
    since(at) -> for a shared row that an event of `at` or later adds to, the earliest
    occurred_at of any event that may add to it; None where that is the beginning.
    """

    model: type[Row]
    key_of: Callable[[RecordedEvent], Hashable] | None = None
    structs: Mapping[str, type[Any]] = field(default_factory=dict)
    shared: bool = False
    drops_zeros: bool = False
    personal: Sequence[str] = ()
    since: Callable[[datetime], datetime] | None = None

    def __post_init__(self) -> None:
        if self.shared is not (self.key_of is None):
            raise ValueError(f"{self.name}: either it is shared or it has a key_of")

    @property
    def name(self) -> str:
        return self.model._meta.db_table

    @cached_property
    def key_fields(self) -> list[Any]:
        """The fields of the primary key: several for a composite one."""
        return list(self.model._meta.pk_fields)

    @cached_property
    def other_fields(self) -> list[Any]:
        keys = set(self.key_fields)
        return [each for each in self.model._meta.concrete_fields if each not in keys]

    def refuse_foreign(self, key: Hashable) -> None:
        """Raises TypeError for a key that can equal none of a row.

        A UUID as text, say: its row would never be found, and always be made anew.
        """
        keys = key if len(self.key_fields) > 1 else (key,)
        for column, given in zip(self.key_fields, cast("Any", keys), strict=True):
            if column.to_python(given) != given:
                raise TypeError(
                    f"{self.name}: {given!r} is no key of {column.name}, "
                    f"but {column.to_python(given)!r} is"
                )


Amount = int | Decimal
# Table -> key of a shared row -> column -> what is added to it.
Added = dict[Table[Any], dict[Hashable, dict[str, Amount]]]


class Rows:
    """The rows of one batch, in memory: loaded in one statement a table, changed by
    `fold`, written in one statement a table.

    schema: of the tables they come from and go to; "" for the live ones.
    added: the differences of shared rows; what is in there is written.
    """

    def __init__(self, *, schema: str = "") -> None:
        self.schema = schema
        self.added: Added = {}
        self._rows: dict[Table[Any], dict[Hashable, Any]] = {}
        self._changed: dict[Table[Any], set[Hashable]] = {}

    def add(self, table: Table[Any], key: Hashable, /, **amounts: Amount) -> None:
        """Adds to columns of a shared row, which begins with zeros.

        Raises TypeError for a table that is not shared, or a column it has not.
        """
        known = {each.attname for each in table.other_fields}
        if not table.shared or not amounts.keys() <= known:
            raise TypeError(f"{table.name} takes no additions of {list(amounts)}")
        _add(self.added, table, key, amounts)

    def set_added_aside(self) -> Added:
        """What was added so far; `added` goes on with nothing."""
        aside, self.added = self.added, {}
        return aside

    def join_added(self, aside: Added) -> None:
        """Puts back what was set aside, together with what was added since."""
        for table, rows in self.added.items():
            for key, amounts in rows.items():
                _add(aside, table, key, amounts)
        self.added = aside

    def load(self, table: Table[Row], found: Mapping[Hashable, Row]) -> None:
        self._rows[table] = dict(found)
        self._changed[table] = set()

    def get(self, table: Table[Row], key: Hashable) -> Row | None:
        """The row as the batch has it so far, or None. Tell `put` of any change.

        Raises TypeError for a key of another kind than the table has.
        """
        row: Row | None = self._rows[table].get(key)
        if row is None:
            table.refuse_foreign(key)
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


class Copies(Protocol):
    """Keeps copies of a projection's live rows elsewhere, such as a cache."""

    def withdraw(self, names: Sequence[str], /) -> str | None:
        """Before the commit: no copy of rows of these streams is served from now on.

        Returns a mark for `renew`; None if that cannot be done, and soon then.
        """

    def renew(
        self, names: Sequence[str], mark: str, /, *, tag: str, position: int
    ) -> None:
        """After the commit: makes copies of the rows as they are, with the tag."""


class Projection(Subscriber):
    """Keeps read tables from the log. One subclass each, in <app>/projections/.

    name, version: a change of what `fold` writes needs a higher version; after a deploy
    it is rebuilt by itself. also_maintains: earlier versions whose rows `fold` leaves
    right as well, so that this code may keep the old tables meanwhile.
    stream_type, reads: the event structs of that stream type that `fold` takes.
    tables: written by nobody else; each row belongs to one stream, or they are shared.
    copies: of live rows, kept elsewhere; None for none.
    """

    tables: ClassVar[Sequence[Table[Any]]]
    copies: ClassVar[Copies | None] = None

    def fold(self, rows: Rows, event: RecordedEvent) -> None:
        """Changes `rows` by one event. No clock, no randomness, no query, no effect."""
        raise NotImplementedError

    def erase(self, rows: Rows, event: RecordedEvent) -> None:
        """Takes personal texts out of the rows of a stream that is held, for an event
        that erases: it waits behind the failing one, and what it says does not.

        All other columns stay, and `fold` does all of it when the event has its turn.
        """
        if self.has_personal:
            raise NotImplementedError

    def rows_of(self, stream: str) -> Sequence[models.Model]:
        """The live rows that belong to a stream, for comparison and for consoles."""
        raise NotImplementedError

    @property
    def has_personal(self) -> bool:
        return any(each.personal for each in self.tables)

    @cached_property
    def own_tables(self) -> list[Table[Any]]:
        """Those whose rows belong to one stream each."""
        return [each for each in self.tables if not each.shared]

    @cached_property
    def shared_tables(self) -> list[Table[Any]]:
        return [each for each in self.tables if each.shared]


def keys_of(table: Table[Any], events: Iterable[RecordedEvent]) -> list[Hashable]:
    """The distinct keys of a table's rows that the events touch; none if shared."""
    key_of = table.key_of
    return list({key_of(event) for event in events}) if key_of else []


def _add(
    added: Added, table: Table[Any], key: Hashable, amounts: Mapping[str, Amount]
) -> None:
    sums = added.setdefault(table, {}).setdefault(key, {})
    for column, amount in amounts.items():
        sums[column] = sums.get(column, 0) + amount
