"""The small files of this folder, and the full ones where they are at hand."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from orders.imports.history import Mapped, Reject

HERE = Path(__file__).resolve().parent
ONLINE_RETAIL = HERE / "online_retail_sample.csv"
OCEL2 = HERE / "ocel2_sample.json"

DATA = Path(os.environ.get("CQRS_DATA_DIR") or HERE.parents[3] / "shared" / "data")


def full_file(name: str) -> Path:
    """A file of the real data; skips the test, saying so, where it is not at hand."""
    path = DATA / name
    if not path.exists():
        pytest.skip(f"{name} is not at hand: CQRS_DATA_DIR names its folder")
    return path


@dataclass
class Result:
    """All that a mapping gave, with the events of each order in a row."""

    read: int = 0
    imported: int = 0
    ignored: int = 0
    rejects: list[Reject] = field(default_factory=list)
    orders: dict[UUID, list[tuple[Any, datetime]]] = field(default_factory=dict)

    def events(self, order_id: UUID) -> list[Any]:
        return [event for event, _ in self.orders[order_id]]

    def all(self, type: type) -> list[Any]:
        return [
            event
            for happened in self.orders.values()
            for event, _ in happened
            if isinstance(event, type)
        ]


def gather(mapped: Iterable[Mapped]) -> Result:
    result = Result()
    for each in mapped:
        result.read += each.read
        result.imported += each.imported
        result.ignored += each.ignored
        result.rejects += each.rejects
        for history in each.histories:
            happened = result.orders.setdefault(history.order_id, [])
            happened += [(event, history.at) for event in history.events]
    return result
