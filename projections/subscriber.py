"""What reads the log with a checkpoint of its own: a projection or a reactor."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any, ClassVar

from eventstore.events import RecordedEvent
from eventstore.streams import StreamType


class Subscriber:
    """name: unique among all projections and reactors; version: of its code.

    also_maintains: earlier versions that this code serves as well.
    stream_type, reads: the event structs of that stream type that it takes.
    """

    name: ClassVar[str]
    version: ClassVar[int]
    stream_type: ClassVar[StreamType]
    reads: ClassVar[Sequence[type[Any]]]
    also_maintains: ClassVar[Sequence[int]] = ()

    def maintains(self, version: int) -> bool:
        """Whether this code may write the tables of that version."""
        return version == self.version or version in self.also_maintains

    def takes(self, event: RecordedEvent) -> bool:
        """Whether it is to see this event."""
        return (
            event.stream.startswith(self._prefix)
            and event.type not in self._passed_over
        )

    @cached_property
    def _prefix(self) -> str:
        return f"{self.stream_type.name}-"

    @cached_property
    def _passed_over(self) -> frozenset[str]:
        # Known types that it does not read. A type that nobody knows (newer code
        # wrote it) is not passed over: decoding it fails, loudly.
        known = {each.name for each in self.stream_type.events}
        read = {self.stream_type.type_of_struct(each).name for each in self.reads}
        return frozenset(known - read)
