"""Keys that were verified not long ago, for the time in which the database is away.

While it answers, every request asks it, so that revocation works at once.
"""

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from django.utils import timezone

FOR_S = 15 * 60
AT_MOST = 10_000

Verified = TypeVar("Verified")


@dataclass(frozen=True, slots=True)
class _Remembered(Generic[Verified]):
    verified: Verified
    expires_at: datetime | None
    until: float  # time.monotonic()


class Memory(Generic[Verified]):
    """By the hash of the key; the ones that were used least recently go first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[str, _Remembered[Verified]] = OrderedDict()

    def remember(
        self, key_hash: str, verified: Verified, *, expires_at: datetime | None
    ) -> None:
        """Call it each time the database has verified the key."""
        kept = _Remembered(verified, expires_at, time.monotonic() + FOR_S)
        with self._lock:
            self._known[key_hash] = kept
            self._known.move_to_end(key_hash)
            if len(self._known) > AT_MOST:
                self._known.popitem(last=False)

    def forget(self, key_hash: str) -> None:
        with self._lock:
            self._known.pop(key_hash, None)

    def find(self, key_hash: str) -> Verified | None:
        """None where the key was not verified lately, or has expired since."""
        with self._lock:
            kept = self._known.get(key_hash)
        if kept is None or kept.until <= time.monotonic():
            return None
        if kept.expires_at is not None and kept.expires_at <= timezone.now():
            return None
        return kept.verified
