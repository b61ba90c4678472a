"""The command pipeline: load a stream, decide, append; decide again on a conflict."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connections

from eventstore import errors, events, ids, log, snapshots, store, tokens
from eventstore.events import NewEvent, RecordedEvent
from eventstore.person_keys import Key
from eventstore.streams import StreamType
from eventstore.telemetry import recording


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Who asks, and what for: becomes the metadata of the events.

    command_id: only from callers that may repeat themselves (reactors, imports); it
    then takes effect once in a stream, for ever. Otherwise one is made.
    """

    actor: str
    source: str = ""
    request_id: str = ""
    traceparent: str = ""
    correlation_id: str = ""
    causation_id: str = ""
    command_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A stream folded: its state (None without events), version and last position.

    event: the last one; snapshot: version of the snapshot that the fold began with.
    keys: those that decrypted the personal texts in the state.
    """

    state: Any
    version: int = 0
    position: int = 0
    event: RecordedEvent | None = None
    snapshot: int = 0
    keys: frozenset[Key] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """An accepted command: its events as recorded, and where the stream now stands.

    repeated: the stream had this command_id already; these are the events of then.
    """

    stream: str
    version: int
    position: int
    events: tuple[RecordedEvent, ...]
    consistency_token: str
    repeated: bool = False


def load(
    stream_type: StreamType, id: object, *, at_version: int = store.MAX_VERSION
) -> Loaded:
    """The state of a stream, folded from its events up to at_version.

    From its snapshot on, where it has one; an earlier version is folded from nothing.
    """
    stream = stream_type.stream(id)
    if at_version == store.MAX_VERSION and snapshots.are_kept(stream_type):
        begin = snapshots.read(stream_type, stream)
    else:
        begin = snapshots.Beginning(
            events=store.read_stream(stream, to_version=at_version)
        )
    last = begin.events[-1] if begin.events else begin.event
    if last is None:
        return Loaded(state=None)
    return Loaded(
        state=stream_type.fold(
            begin.state, [(each.data, each.occurred_at) for each in begin.events]
        ),
        version=last.version,
        position=last.position,
        event=last,
        snapshot=begin.version,
        keys=begin.keys,
    )


def handle(
    stream_type: StreamType,
    stream_id: object,
    command: Any,
    *,
    at: datetime,
    context: Context,
    expected_version: int | None = None,
) -> Outcome:
    """Handles one command on one stream; its events are stored when this returns.

    On a version conflict it loads and decides again, at most
    `command_side.validation.retry_attempts` times, unless the caller expects a
    version. In the caller's transaction where there is one.
    Raises the domain's rejection, VersionMismatch (expected_version), VersionConflict
    (attempts used up), WrongIsolation (a transaction that could not see the winner).
    """
    stream = stream_type.stream(stream_id)
    with recording.observed(
        stream_type, command, stream=stream, context=context
    ) as seen:
        refuse_snapshot_isolation()
        for attempt in range(1, attempts() + 1):
            seen.attempts = attempt
            seen.outcome = _attempt(
                stream_type,
                stream_id,
                command,
                at=at,
                context=context,
                expected_version=expected_version,
            )
            if seen.outcome:
                return seen.outcome
        raise errors.VersionConflict(stream=stream, attempts=attempts())


def _attempt(
    stream_type: StreamType,
    stream_id: object,
    command: Any,
    *,
    at: datetime,
    context: Context,
    expected_version: int | None,
) -> Outcome | None:
    """Decides once; None when another writer was faster."""
    stream = stream_type.stream(stream_id)
    loaded = load(stream_type, stream_id)
    # First: a command that is repeated expects the version of the first time.
    if earlier := _earlier_outcome(stream, context):
        return earlier
    _refuse_other_version(stream, loaded, expected_version)
    decided = stream_type.decide(loaded.state, command, at=at)
    if not decided:
        return nothing_new(stream, loaded)
    new = prepare(stream_type, stream_id, loaded, decided, at=at, context=context)
    try:
        appended = store.append(stream, new, expected_version=loaded.version)
    except (errors.ConcurrencyConflict, errors.DuplicateEvent):
        return None
    keep_snapshot(stream_type, loaded, appending=len(new))
    return outcome(stream, new=new, appended=appended)


def preview(
    stream_type: StreamType,
    stream_id: object,
    command: Any,
    *,
    at: datetime,
    expected_version: int | None = None,
) -> list[str]:
    """The types of the events that `handle` would store now; nothing is stored.

    Raises the domain's rejection, VersionMismatch (expected_version).
    """
    loaded = load(stream_type, stream_id)
    _refuse_other_version(stream_type.stream(stream_id), loaded, expected_version)
    decided = stream_type.decide(loaded.state, command, at=at)
    return [stream_type.type_of(each).name for each in decided]


def prepare(
    stream_type: StreamType,
    stream_id: object,
    loaded: Loaded,
    decided: Sequence[Any],
    *,
    at: datetime,
    context: Context,
) -> list[NewEvent]:
    """Decided events with ids and metadata, ready to append after `loaded`."""
    stream_keys = stream_type.search_keys(
        stream_type.fold(loaded.state, [(each, at) for each in decided])
    )
    command_id = context.command_id or str(ids.uuid7())
    metadata = _metadata(context, command_id, stream_keys)
    return [
        events.new(
            each,
            occurred_at=at,
            metadata=metadata,
            event_id=_event_id(stream_type.stream(stream_id), context, index),
        )
        for index, each in enumerate(decided)
    ]


def attempts() -> int:
    """How often a command is decided at most, while other writers win."""
    retries: int = settings.CQRS.command_side.validation.retry_attempts
    return 1 + retries


def keep_snapshot(stream_type: StreamType, loaded: Loaded, *, appending: int) -> None:
    """Makes a snapshot after the commit, if the next load would read too much."""
    # Of the state as loaded, not as decided: a snapshot says what the log says.
    if (
        loaded.event is not None
        and snapshots.are_kept(stream_type)
        and snapshots.is_due(
            since=loaded.snapshot, version=loaded.version, appending=appending
        )
    ):
        snapshots.keep(stream_type, loaded.state, at=loaded.event, keys=loaded.keys)


def _event_id(stream: str, context: Context, index: int) -> UUID:
    if not context.command_id:
        return ids.uuid7()
    return ids.event_id_of(stream=stream, command_id=context.command_id, index=index)


def _metadata(
    context: Context, command_id: str, keys: Mapping[str, str]
) -> dict[str, str]:
    named = {
        "command_id": command_id,
        "correlation_id": context.correlation_id or context.request_id or command_id,
        "causation_id": context.causation_id,
        "actor": context.actor,
        "request_id": context.request_id,
        "traceparent": context.traceparent,
        "source": context.source,
        **keys,
    }
    return {name: value for name, value in named.items() if value}


def _refuse_other_version(stream: str, loaded: Loaded, expected: int | None) -> None:
    if expected not in (None, loaded.version):
        raise errors.VersionMismatch(
            stream=stream, expected=expected or 0, actual=loaded.version
        )


def refuse_snapshot_isolation() -> None:
    """Raises WrongIsolation in a transaction that could not see a winner's events."""
    # In a REPEATABLE READ transaction a retry would load the same old snapshot for
    # ever. Outside a transaction every statement has a snapshot of its own.
    connection = connections["default"]
    if not connection.in_atomic_block:
        return
    with connection.cursor() as cursor:
        cursor.execute("SHOW transaction_isolation")
        (level,) = cursor.fetchone()
    if level != "read committed":
        raise errors.WrongIsolation(
            f"commands are handled in READ COMMITTED transactions, this one is {level}"
        )


def _earlier_outcome(stream: str, context: Context) -> Outcome | None:
    """What this command_id did to the stream before, if the caller names one."""
    if not context.command_id:
        return None
    first = ids.event_id_of(stream=stream, command_id=context.command_id, index=0)
    found = store.read_command(stream, first_event_id=first)
    if not found:
        return None
    return _recorded_answer(stream, found, epoch=log.identity().epoch, repeated=True)


def outcome(
    stream: str, *, new: Sequence[NewEvent], appended: Sequence[store.Appended]
) -> Outcome:
    """Of a command whose events were just appended, one for one."""
    recorded = [
        RecordedEvent.of(
            event,
            stream=stream,
            version=at.version,
            position=at.position,
            recorded_at=at.recorded_at,
        )
        for event, at in zip(new, appended, strict=True)
    ]
    return _recorded_answer(stream, recorded, epoch=appended[0].epoch)


def nothing_new(stream: str, loaded: Loaded) -> Outcome:
    """Of a command that changes nothing: it is accepted, the stream stays as it is."""
    return _answer(
        stream,
        [],
        version=loaded.version,
        position=loaded.position,
        epoch=log.identity().epoch,
    )


def _recorded_answer(
    stream: str,
    recorded: Sequence[RecordedEvent],
    *,
    epoch: int,
    repeated: bool = False,
) -> Outcome:
    last = recorded[-1]
    return _answer(
        stream,
        recorded,
        version=last.version,
        position=last.position,
        epoch=epoch,
        repeated=repeated,
    )


def _answer(
    stream: str,
    recorded: Sequence[RecordedEvent],
    *,
    version: int,
    position: int,
    epoch: int,
    repeated: bool = False,
) -> Outcome:
    token = tokens.Token(epoch=epoch, stream=stream, version=version, position=position)
    return Outcome(
        stream=stream,
        version=version,
        position=position,
        events=tuple(recorded),
        consistency_token=tokens.sign(token),
        repeated=repeated,
    )
