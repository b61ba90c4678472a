"""What is wrong with a search, in words for the one who typed it."""

from collections.abc import Sequence
from typing import ClassVar

from eventstore.errors import EventStoreError


class BadQuery(EventStoreError):
    """`word`: what was not understood; allowed: what may stand there instead."""

    code: ClassVar[str] = "bad-search"

    def __init__(self, message: str, *, word: str, allowed: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.word = word
        self.allowed = tuple(allowed)


class PayloadHidden(BadQuery):
    """A search in the data of events, by one who may not see them."""

    code = "payload-hidden"
