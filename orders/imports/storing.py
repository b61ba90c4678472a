"""Puts histories into the log, each event once, however often an import is started."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import eventstore.errors
from eventstore import events, ids, store
from eventstore.events import NewEvent, RecordedEvent
from eventstore.store import StreamAppend
from orders.domain.events import OrderPlaced
from orders.imports import errors
from orders.imports.history import History
from orders.streams import ORDER

ACTOR = "import"
# Another import of the same file, or commands to the same orders, may win this often
# in a row before an import gives up on a batch.
ATTEMPTS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What was not in the log before: so many events, and orders placed by them."""

    events: int = 0
    orders: int = 0


def is_imported(event: RecordedEvent) -> bool:
    """Whether an import brought the event: history, which whoever lived it acted on."""
    return event.metadata.get("actor") == ACTOR


class Storing:
    """Remembers the search keys of the orders of one import between its batches."""

    def __init__(self, *, source: str) -> None:
        self._source = f"import:{source}"
        self._keys: dict[UUID, Mapping[str, str]] = {}

    def store(self, histories: Iterable[History]) -> Stored:
        """Appends what of the histories is not in the log; when it returns, all is.

        The histories of one order come in the order they happened, its placement
        before all others. Raises ForeignHistory, VersionConflict.
        """
        wanted: dict[str, list[NewEvent]] = {}
        for history in histories:
            stream = ORDER.stream(history.order_id)
            wanted.setdefault(stream, []).extend(self._events(stream, history))
        stored: list[store.Appended] = []
        for _ in range(ATTEMPTS):
            missing = _missing(wanted)
            appended = _append(missing)
            stored += appended
            if len({each.stream for each in appended}) == len(missing):
                return Stored(
                    events=len(stored),
                    orders=sum(each.version == 1 for each in stored),
                )
        raise eventstore.errors.VersionConflict(
            stream=missing[0].stream, attempts=ATTEMPTS
        )

    def _events(self, stream: str, history: History) -> list[NewEvent]:
        metadata = {
            "command_id": history.command_id,
            "correlation_id": history.command_id,
            "actor": ACTOR,
            "source": self._source,
            **self._keys_of(history),
        }
        return [
            events.new(
                each,
                occurred_at=history.at,
                metadata=metadata,
                event_id=ids.event_id_of(
                    stream=stream, command_id=history.command_id, index=index
                ),
            )
            for index, each in enumerate(history.events)
        ]

    def _keys_of(self, history: History) -> Mapping[str, str]:
        first = history.events[0]
        if isinstance(first, OrderPlaced):
            order = ORDER.evolve(None, first, at=history.at)
            self._keys[history.order_id] = ORDER.search_keys(order)
        return self._keys[history.order_id]


def _append(missing: Sequence[StreamAppend]) -> list[store.Appended]:
    """What was stored of it; on a conflict less than all, perhaps nothing."""
    if not missing:
        return []
    try:
        return store.append_many(missing)
    except (eventstore.errors.ConcurrencyConflict, eventstore.errors.DuplicateEvent):
        return []


def _missing(wanted: Mapping[str, list[NewEvent]]) -> list[StreamAppend]:
    # Versions first: what another import stores in between is then found by its ids,
    # and an order that has a version but none of the ids is no import's.
    versions = store.versions_of(list(wanted))
    found = store.read_events(
        [each.event_id for batch in wanted.values() for each in batch]
    )
    missing = []
    for stream, batch in wanted.items():
        if left := _left(stream, batch, found):
            version = versions.get(stream, 0)
            if version and isinstance(left[0].data, OrderPlaced):
                raise errors.ForeignHistory(
                    f"{stream}: an order with this id is there that was not imported"
                )
            missing.append(StreamAppend(stream, version, left))
    return missing


def _left(
    stream: str, batch: list[NewEvent], found: Mapping[UUID, RecordedEvent]
) -> list[NewEvent]:
    there = [each for each in batch if each.event_id in found]
    if batch[: len(there)] != there:
        raise errors.ForeignHistory(
            f"{stream}: later events of the import are there without earlier ones"
        )
    for new in there:
        old = found[new.event_id]
        if (new.data, new.occurred_at) != (old.data, old.occurred_at):
            raise errors.ForeignHistory(
                f"{stream}: {new.metadata['command_id']} was imported with another "
                f"content before (version {old.version}): is this the same file?"
            )
    return batch[len(there) :]
