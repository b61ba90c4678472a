"""What the mappings make of source records: histories of orders, and rejects."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import NAMESPACE_URL, UUID, uuid5

from orders.domain.events import OrderEvent


class Reject(NamedTuple):
    """A source record that is not imported, or not wholly.

    number: its line in the file (the header is line 1), or its place among the events.
    """

    number: int
    reason: str
    raw: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What one source record did to one order, at one time.

    command_id: the same whenever the record is read; names its events for ever.
    """

    order_id: UUID
    command_id: str
    at: datetime
    events: Sequence[OrderEvent]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """Some source records and what became of them.

    read: how many there were; of those `ignored` concern no order, and one reject
    stands for one record; the rest is imported.
    """

    read: int
    histories: Sequence[History] = ()
    rejects: Sequence[Reject] = ()
    ignored: int = 0

    @property
    def imported(self) -> int:
        return self.read - self.ignored - len(self.rejects)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file that was looked through once: `total` records, called `unit`."""

    name: str
    unit: str
    total: int
    mapped: Iterator[Mapped]


def order_id_of(*, source: str, reference: str) -> UUID:
    """The id of an order that has this reference in the source, on every machine."""
    return uuid5(NAMESPACE_URL, f"{source}:{reference}")
