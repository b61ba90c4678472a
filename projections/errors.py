"""What the projection engine raises. Each error carries its facts."""

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from projections.models import AuditEntry


class ProjectionError(Exception):
    """Root of this package's errors; `code` is stable and may be shown to clients."""

    code: ClassVar[str] = "projection"


class UnknownProjection(ProjectionError):
    code = "unknown-projection"

    def __init__(self, *, name: str, known: list[str]) -> None:
        super().__init__(
            f"there is no projection {name!r}; there are: {', '.join(known)}"
        )
        self.name = name


class UnknownReactor(ProjectionError):
    code = "unknown-reactor"

    def __init__(self, *, name: str, known: list[str]) -> None:
        super().__init__(f"there is no reactor {name!r}; there are: {', '.join(known)}")
        self.name = name


class NotAllowedInState(ProjectionError):
    """An operator's action that the projection's state does not allow."""

    code = "not-allowed-in-state"


class NotPermitted(ProjectionError):
    """Who asks may not do this; `permission` is the one that is needed."""

    code = "not-permitted"

    def __init__(self, *, actor: str, action: str, permission: str) -> None:
        super().__init__(
            f"{actor} may not {action}: that needs the permission "
            f"projections.{permission}"
        )
        self.permission = permission


class UnknownOperation(ProjectionError):
    code = "unknown-operation"

    def __init__(self, *, id: int) -> None:
        super().__init__(f"there is no operation {id}")
        self.id = id


class UnknownDeadLetter(ProjectionError):
    code = "unknown-dead-letter"

    def __init__(self, *, id: int) -> None:
        super().__init__(f"there is no dead letter {id}")
        self.id = id


class WrongSelection(ProjectionError):
    """Held streams that are to be retried are named by nothing, or by too many ids."""

    code = "wrong-selection"


class Unconfirmed(ProjectionError):
    """An action that was confirmed on a review page and is not done.

    Only pages confirm: no such error comes over the API.
    """

    code = "unconfirmed"


class BadConfirmation(Unconfirmed):
    """The confirmation is forged, too old, or of another user, action or target."""

    code = "bad-confirmation"


class Overtaken(Unconfirmed):
    """What the review page showed is so no more; the message says what changed."""

    code = "overtaken"


class AlreadyDone(Unconfirmed):
    """The same confirmation came before; `entry` is the audit's of what was done.

    operation: the id of the one that it began, None if it began none.
    """

    code = "already-done"

    def __init__(self, entry: "AuditEntry") -> None:
        super().__init__(f"{entry} is done already, at {entry.at:%Y-%m-%d %H:%M:%S}")
        self.entry = entry
        self.operation = entry.operation


class TooManyDeadLetters(ProjectionError):
    """A batch failed for more streams than may still be held: it was not stored."""

    code = "too-many-dead-letters"

    def __init__(self, *, projection: str, held: int, more: int, most: int) -> None:
        super().__init__(
            f"{projection} holds {held} streams, {more} more fail, and at most {most} "
            "may be held: mend the code, retry or skip what is held"
        )
        self.projection = projection
        self.held = held
        self.more = more
        self.most = most


class MissingReason(ProjectionError):
    code = "missing-reason"


class ReasonTooLong(ProjectionError):
    code = "reason-too-long"


class WrongPartitions(ProjectionError):
    code = "wrong-partitions"


class NeverLevel(ProjectionError):
    """Two generations could not be brought to one position for a look at both."""

    code = "never-level"


class TookTooLong(ProjectionError):
    """Two generations could not be compared in the time that is allowed for it."""

    code = "took-too-long"


class LogDiverged(ProjectionError):
    """The event at a checkpoint is gone or another: the rows need a rebuild."""

    code = "log-diverged"


class Behind(ProjectionError):
    """A read model does not have a demanded write yet. Lag in events and in seconds."""

    code = "read-model-behind"

    def __init__(
        self, *, projection: str, position: int, lag_events: int, lag_seconds: float
    ) -> None:
        super().__init__(f"{projection} stands at position {position}")
        self.projection = projection
        self.position = position
        self.lag_events = lag_events
        self.lag_seconds = lag_seconds


class RedisAway(ProjectionError):
    """The Redis that keeps a projection's entries does not answer, or refuses."""

    code = "redis-away"

    def __init__(self, *, fault: str) -> None:
        super().__init__(f"Redis cannot be used: {fault}")


class RowsLost(ProjectionError):
    """Redis lacks entries that it has had: it was flushed, or gave them up."""

    code = "rows-lost"

    def __init__(self, *, projection: str) -> None:
        super().__init__(f"Redis has lost entries of {projection}")
        self.projection = projection


class BeingFilled(ProjectionError):
    """A projection does not have all yet that the log had when it began."""

    code = "being-filled"

    def __init__(self, *, projection: str) -> None:
        super().__init__(f"{projection} is being filled from the log")
        self.projection = projection


class TooManyWaiting(ProjectionError):
    """As many wait for events as may wait in one process."""

    code = "too-many-waiting"

    def __init__(self, *, places: int) -> None:
        super().__init__(f"{places} wait for events already, as many as may")
        self.places = places
