"""Notes what becomes of commands, whoever gives them; outcomes.py reads it."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import transaction

from eventstore import errors
from eventstore.telemetry import outcomes, sending
from eventstore.telemetry.outcomes import CommandOutcome

if TYPE_CHECKING:
    from eventstore.commands import Context, Outcome
    from eventstore.streams import StreamType

# Entries of one bulk: its hundreds must not push everybody else's out.
NEWEST_OF_BULK = 20


@dataclass(slots=True)
class Requested:
    """How many commands were noted within a request."""

    commands: int = 0


# Of the request at work; None outside of requests.
_requested: ContextVar[Requested | None] = ContextVar("requested", default=None)


@dataclass(slots=True)
class Observed:
    """A command at work. Whoever handles it says how often it was decided."""

    attempts: int = 1
    outcome: "Outcome | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Handled:
    """One of many commands, and what it led to."""

    command: Any
    stream: str
    result: "Outcome | Exception"
    attempts: int


@contextmanager
def observed(
    stream_type: "StreamType", command: Any, *, stream: str, context: "Context"
) -> Iterator[Observed]:
    """Notes what becomes of one command in the block, whatever the block raises.

    What is accepted is noted when its transaction is committed; never, if it is not.
    """
    seen, began = Observed(), time.perf_counter()

    def note(result: "Outcome | Exception") -> None:
        entry = _entry(
            stream_type,
            Handled(
                command=command, stream=stream, result=result, attempts=seen.attempts
            ),
            context=context,
            seconds=time.perf_counter() - began,
        )
        if isinstance(result, Exception):
            _note([entry])
        else:
            _note_at_commit([entry])

    try:
        yield seen
    except Exception as error:
        note(error)
        raise
    if seen.outcome is not None:
        note(seen.outcome)


def many(
    stream_type: "StreamType",
    handled: Sequence[Handled],
    *,
    context: "Context",
    seconds: float,
) -> None:
    """Notes the commands of a bulk, which took so long together, at its commit."""
    share = seconds / max(len(handled), 1)
    _note_at_commit(
        [_entry(stream_type, each, context=context, seconds=share) for each in handled]
    )


def of_request(entry: CommandOutcome) -> None:
    """Notes a command that came by HTTP and not to the pipeline."""
    _note([entry])


@contextmanager
def within_request() -> Iterator[Requested]:
    """What the block gets tells how many commands were noted in it by then."""
    requested = Requested()
    token = _requested.set(requested)
    try:
        yield requested
    finally:
        _requested.reset(token)


def _note_at_commit(entries: Sequence[CommandOutcome]) -> None:
    # At once where there is no transaction.
    transaction.on_commit(partial(_note, entries), using="default", robust=True)


def _note(entries: Sequence[CommandOutcome]) -> None:
    if (requested := _requested.get()) is not None:
        requested.commands += len(entries)
    for each in entries:
        labels = (each.command, each.outcome, each.code)
        sending.observe(outcomes.COUNTED, labels, each.seconds)
        if each.attempts > 1:
            again = each.attempts - 1
            sending.count(outcomes.CONFLICTS, (each.command,), again)
    # Of many, refusals first: they are what is looked for.
    first = sorted(entries, key=lambda each: each.outcome == outcomes.ACCEPTED)
    for each in first[:NEWEST_OF_BULK]:
        name = outcomes.list_of(each.outcome)
        sending.remember(name, [each], newest=outcomes.NEWEST)


def _entry(
    stream_type: "StreamType", handled: Handled, *, context: "Context", seconds: float
) -> CommandOutcome:
    outcome, code, events = _told(stream_type, handled.result)
    return CommandOutcome(
        at=datetime.now(UTC),
        command=outcomes.name_of(type(handled.command)),
        outcome=outcome,
        stream=handled.stream,
        code=code,
        events=events,
        attempts=handled.attempts,
        seconds=round(seconds, 6),
        actor=context.actor,
        source=context.source,
        request_id=context.request_id,
        correlation_id=context.correlation_id or context.request_id,
    )


def _told(
    stream_type: "StreamType", result: "Outcome | Exception"
) -> tuple[str, str, int]:
    """The outcome, its code and how many events it stored."""
    if not isinstance(result, Exception):
        if result.repeated:
            return outcomes.REPEATED, "", 0
        return outcomes.ACCEPTED, "", len(result.events)
    # A fault that nobody gave a code has the name of its class.
    code = str(getattr(result, "code", None) or type(result).__name__)
    if isinstance(result, errors.VersionMismatch | errors.VersionConflict):
        return code, code, 0
    if isinstance(result, stream_type.rejection):
        return outcomes.REJECTED, code, 0
    return outcomes.FAILED, code, 0
