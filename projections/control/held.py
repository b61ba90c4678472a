"""Held streams: tried again, or their failing event skipped for ever."""

from projections import (
    actors,
    audit,
    dead_letters,
    failure,
    registry,
    retrying,
    standings,
)
from projections.actors import Actor
from projections.confirming import Confirmation
from projections.control import locking
from projections.held_streams import Matching
from projections.models import Operation


def retry(
    id: int, *, actor: Actor, reason: str, once: Confirmation | None = None
) -> bool:
    """Tries a held stream again now; True when it is held no longer.

    Raises UnknownDeadLetter.
    """
    with audit.action(
        "retry",
        "",
        permission=actors.RETRY,
        actor=actor,
        reason=reason,
        once=once,
        id=id,
    ) as entry:
        standings.refuse_letter_overtaken(id, once)
        letter = dead_letters.get(id)
        entry.projection = letter.projection
        entry.parameters["stream"] = letter.stream
        freed = entry.parameters["freed"] = dead_letters.retry(id)
    failure.try_again(letter.projection)
    return freed


def retry_all(
    name: str, *, actor: Actor, reason: str, once: Confirmation | None = None
) -> Operation:
    """Begins to try all again that a projection or reactor holds now; workers do it.

    Raises UnknownProjection, NotAllowedInState (not started, or under way already).
    """
    with audit.action(
        "retry", name, permission=actors.RETRY, actor=actor, reason=reason, once=once
    ) as entry:
        standings.refuse_many_overtaken(name, once)
        locking.locked(name, known=registry.subscriber)
        operation = retrying.begin(entry)
    return operation


def retry_matching(
    matching: Matching,
    *,
    actor: Actor,
    reason: str,
    once: Confirmation | None = None,
) -> Operation:
    """Begins to try those again that match, of one projection or reactor.

    At most 10,000, those held longest; its parameters then have "at_most".
    Raises UnknownProjection, NotAllowedInState (none matches; not started, or under way
    already), WrongSelection (nothing is named, or more than 500 ids).
    """
    name = matching.projection
    with audit.action(
        "retry", name, permission=actors.RETRY, actor=actor, reason=reason, once=once
    ) as entry:
        retrying.refuse_wrong(matching)
        standings.refuse_many_overtaken(name, once)
        locking.locked(name, known=registry.subscriber)
        operation = retrying.begin_matching(entry, matching)
    return operation


def skip(
    id: int, *, actor: Actor, reason: str, once: Confirmation | None = None
) -> bool:
    """Passes the event that fails over for ever, and goes on with the stream.

    True when the stream is held no longer.
    Raises NotPermitted, UnknownDeadLetter, MissingReason.
    """
    with audit.action(
        "skip",
        "",
        permission=actors.SKIP,
        actor=actor,
        reason=reason,
        once=once,
        needs_reason=True,
        id=id,
    ) as entry:
        standings.refuse_letter_overtaken(id, once)
        letter = dead_letters.get(id)
        entry.projection = letter.projection
        entry.parameters |= {"stream": letter.stream, "event_id": str(letter.event_id)}
        freed = dead_letters.skip(id, actor=actor.name, reason=reason)
    failure.try_again(letter.projection)
    return freed
