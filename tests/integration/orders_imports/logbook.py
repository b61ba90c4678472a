"""The log beside what a mapping says should be in it."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from eventstore import store
from orders.imports import importing
from orders.imports.importing import Summary
from orders.streams import ORDER

History = dict[str, list[tuple[Any, datetime]]]


def mapped(path: Path, *, format: str) -> History:
    """What the file says of each stream."""
    streams: History = defaultdict(list)
    for each in importing.FORMATS[format](path).mapped:
        for history in each.histories:
            streams[ORDER.stream(history.order_id)] += [
                (event, history.at) for event in history.events
            ]
    return dict(streams)


def stored() -> History:
    """What the log has of each stream; its versions have no holes."""
    streams: History = defaultdict(list)
    for each in store.follow_settled(after=0, batch_size=1_000):
        streams[each.stream].append((each.data, each.occurred_at))
        assert each.version == len(streams[each.stream])
    return dict(streams)


@contextmanager
def unseen(unit: str, total: int) -> Iterator[Callable[[int], None]]:
    yield lambda records: None


def run(path: Path, *, format: str, rejects: Path, display: Any = unseen) -> Summary:
    return importing.run(path, format=format, rejects_path=rejects, display=display)
