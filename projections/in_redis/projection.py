"""What a projection declares whose entries live in Redis."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from django.db import models

from eventstore.events import RecordedEvent
from projections.projection import Projection


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Something that happened, in the list of a key; `shown` is JSON-ready.

    Lists are in order of `at`, what happened at one time in that of the log.
    """

    key: str
    at: datetime
    shown: Any


class RedisProjection(Projection):
    """Keeps the latest entries of each key in Redis. Nobody but Redis has them: after
    a loss they come from the log again.

    longest: entries of a key that are kept, the newest ones.
    """

    tables = ()
    longest: ClassVar[int]

    def entries(self, event: RecordedEvent) -> Iterable[Entry]:
        """What an event adds, from nothing but the event itself: the same at any time,
        so that to add it twice changes nothing.
        """
        raise NotImplementedError

    def rows_of(self, stream: str) -> Sequence[models.Model]:
        return []
