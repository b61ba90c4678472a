"""What the log and the command pipeline raise. Each error carries its facts."""

from typing import ClassVar


class EventStoreError(Exception):
    """Root of this package's errors; `code` is stable and may be shown to clients."""

    code: ClassVar[str] = "event-store"


class ConcurrencyConflict(EventStoreError):
    """The stream was not at the expected version; nothing was stored."""

    code = "version-conflict"

    def __init__(self, *, stream: str, expected: int) -> None:
        super().__init__(f"{stream} is not at version {expected}")
        self.stream = stream
        self.expected = expected


class VersionConflict(EventStoreError):
    """Other writers won every attempt of a command."""

    code = "version-conflict"

    def __init__(self, *, stream: str, attempts: int) -> None:
        super().__init__(f"{stream} changed during each of {attempts} attempts")
        self.stream = stream
        self.attempts = attempts


class VersionMismatch(EventStoreError):
    """The caller asked for a version that the stream does not have (If-Match)."""

    code = "version-mismatch"

    def __init__(self, *, stream: str, expected: int, actual: int) -> None:
        super().__init__(f"{stream} is at version {actual}, not {expected}")
        self.stream = stream
        self.expected = expected
        self.actual = actual


class DuplicateEvent(EventStoreError):
    """An event with this id is already in the log."""

    code = "duplicate-event"

    def __init__(self, *, stream: str) -> None:
        super().__init__(f"an event of this command is already in the log ({stream})")
        self.stream = stream


class UnknownStreamType(EventStoreError):
    code = "unknown-stream-type"

    def __init__(self, *, stream: str, known: list[str]) -> None:
        super().__init__(
            f"{stream!r} belongs to no registered stream type; "
            f"a stream is named <type>-<id>, with a type of: {', '.join(known)}"
        )
        self.stream = stream


class UnknownEventType(EventStoreError):
    """A type or schema version that this code does not know (perhaps newer code's)."""

    code = "unknown-event-type"

    def __init__(
        self, *, stream_type: str, type: str, schema_version: int | None = None
    ) -> None:
        at = f" at schema version {schema_version}" if schema_version else ""
        super().__init__(f"{stream_type} has no event type {type!r}{at}")
        self.type = type
        self.schema_version = schema_version


class InvalidEvent(EventStoreError):
    """Event data does not fit the schema of its type; the text says where."""

    code = "invalid-event"


class CannotForget(EventStoreError):
    """There is nobody to forget, or no good reason; nothing was done."""

    code = "cannot-forget"


class WrongDataKey(EventStoreError):
    """DATA_KEY is missing, malformed, or not the one that wrapped a person's key.

    A fault of the set-up, never of an event: nothing is lost, and it is tried again.
    """

    code = "wrong-data-key"


class UnreadableTexts(EventStoreError):
    """Encrypted texts of an event were altered, or stored by newer code."""

    code = "unreadable-texts"


class WrongIsolation(EventStoreError):
    """A command was handled inside a transaction that cannot see a winner's events."""

    code = "wrong-isolation"


class NotSettled(EventStoreError):
    """The log was asked on a standby, or in a snapshot too old to tell."""

    code = "not-settled"


class BadToken(EventStoreError):
    """A consistency token that this system did not issue, or of a former log."""

    code = "bad-consistency-token"


class KeyInProgress(EventStoreError):
    """A request with this key runs at the moment; nothing was done for this one."""

    code = "idempotency-in-progress"

    def __init__(self, *, key: str) -> None:
        super().__init__(f"a request with the key {key!r} is running")
        self.key = key


class KeyReused(EventStoreError):
    """The key stands for another request of the same client."""

    code = "idempotency-key-reused"

    def __init__(self, *, key: str) -> None:
        super().__init__(f"the key {key!r} was used for another request")
        self.key = key


class NoSealKey(EventStoreError):
    """There is no key to sign seals with, or none to check them against."""

    code = "no-seal-key"


class BrokenFile(EventStoreError):
    """A file of events or an anchor is not as it was written; `line` counts from 1."""

    code = "broken-file"

    def __init__(self, *, path: object, line: int, fault: str) -> None:
        super().__init__(f"{path}, line {line}: {fault}")
        self.line = line
        self.fault = fault


class StoreNotEmpty(EventStoreError):
    """Events can only be imported into a log that has none."""

    code = "store-not-empty"
