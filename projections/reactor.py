"""What a reactor declares, and the effects it answers events and timers with."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from eventstore.events import RecordedEvent
from eventstore.streams import StreamType
from projections.models import Timer
from projections.subscriber import Subscriber


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """A command to the stream `id` of a type; it happens once, for ever.

    accept_refusals: codes of the domain's refusals that mean "no longer needed". Any
    other refusal is a failure of the event.
    """

    stream_type: StreamType
    id: object
    command: Any
    accept_refusals: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class SetTimer:
    """Calls `fire` at due_at (aware) or soon after it; replaces one with this key.

    key: one timer each in the stream of the event. data: for `fire`, as JSON has it;
    nothing personal, as it is not in the log.
    """

    key: str
    due_at: datetime
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearTimer:
    """Takes the timer with this key back, if there is one in the event's stream."""

    key: str


Effect = Issue | SetTimer | ClearTimer


class Reactor(Subscriber):
    """Acts on the world after events. One subclass each, in <app>/reactors/.

    version: raised when it is to do something else; after a deploy the newest code
    takes over, and workers with older code leave it alone.

    Both methods are called at least once: the worker may die before that is written
    down. What they return happens once; what they do themselves (call a service) may
    be done again, so let it carry the event's id. They should end within seconds, and
    decide from the log (eventstore.commands.load), never from a projection.
    """

    def react(self, event: RecordedEvent) -> Iterable[Effect]:
        """What is to be done after an event, in order."""
        raise NotImplementedError

    def fire(self, timer: Timer) -> Iterable[Effect]:
        """What is to be done when a timer is due; it is gone afterwards."""
        raise NotImplementedError
