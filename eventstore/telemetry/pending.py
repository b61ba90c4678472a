"""What a process has counted and remembered and not yet sent. Its size is bounded."""

from collections import deque
from typing import Any

from eventstore.telemetry import slots
from eventstore.telemetry.slots import Labels

# Counters of all slots together, some 100 bytes each. An hour of a busy process has
# some 360 slots of 50; beyond that the oldest slots are given up.
MAX_COUNTERS = 50_000


class Pending:
    """Whoever uses it holds a lock."""

    def __init__(self) -> None:
        # Of each slot and kind: how often each row of labels was seen.
        self.counts: dict[tuple[int, str], dict[Labels, int]] = {}
        self.entries: dict[str, deque[Any]] = {}
        self._counters = 0

    def __bool__(self) -> bool:
        return bool(self.counts or self.entries)

    def count(self, kind: str, labels: Labels, times: int, *, slot: int) -> None:
        counters = self.counts.get((slot, kind))
        if counters is None:
            self._give_up_before(slot - slots.KEEP_S // slots.SLOT_S)
            counters = self.counts[slot, kind] = {}
        if labels in counters:
            counters[labels] += times
            return
        counters[labels] = times
        self._counters += 1
        while self._counters > MAX_COUNTERS and len(self.counts) > 1:
            self._give_up(next(iter(self.counts)))

    def remember(self, name: str, entry: Any, *, newest: int) -> None:
        entries = self.entries.get(name)
        if entries is None:
            entries = self.entries[name] = deque(maxlen=newest)
        entries.append(entry)

    def _give_up_before(self, slot: int) -> None:
        """Nobody asks for these any more."""
        while self.counts and (oldest := next(iter(self.counts)))[0] < slot:
            self._give_up(oldest)

    def _give_up(self, key: tuple[int, str]) -> None:
        self._counters -= len(self.counts.pop(key))
