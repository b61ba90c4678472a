"""Dead letters, operations and audit entries as JSON, the same wherever they show."""

from datetime import datetime
from typing import Any

from eventstore.events import rfc3339
from projections import dead_letters, operations, status
from projections.models import AuditEntry, DeadLetter, Operation
from projections.rebuilding import progress

# Of a projection's own page: its newest failures, for who looks what is wrong.
NEWEST = 10


def projection(name: str) -> dict[str, Any]:
    """A projection's status with what is under way and fails. Raises UnknownProjection.

    under_way: operations, oldest first; newest_failures: at most 10 dead letters.
    """
    found = status.of(name)
    under_way = [each for each in operations.unfinished() if each.projection == name]
    failures = dead_letters.current().filter(projection=name).order_by("-pk")[:NEWEST]
    return {
        **found.as_json(),
        "under_way": [operation(each) for each in under_way],
        "newest_failures": [dead_letter(each) for each in failures],
    }


def dead_letter(letter: DeadLetter) -> dict[str, Any]:
    """A held stream, as lists show it."""
    return {
        "id": letter.pk,
        "projection": letter.projection,
        "generation": letter.generation,
        "stream": letter.stream,
        "state": letter.state,
        "position": letter.position,
        "event_id": str(letter.event_id),
        "version": letter.version,
        "type": letter.type,
        "category": letter.category,
        "error": letter.error,
        "handler": letter.handler,
        "attempts": letter.attempts,
        "first_failed_at": rfc3339(letter.first_failed_at),
        "last_failed_at": rfc3339(letter.last_failed_at),
        "next_attempt_at": _time(letter.next_attempt_at),
    }


def whole_dead_letter(letter: DeadLetter) -> dict[str, Any]:
    """With the traceback, and how many events are held (read from the log)."""
    return {
        **dead_letter(letter),
        "held_events": dead_letters.held_events(letter),
        "traceback": letter.traceback,
    }


def operation(found: Operation) -> dict[str, Any]:
    """progress: 0 to 1; rate: of `done`, per second; eta_seconds: None if unknown."""
    return {
        "id": found.pk,
        "kind": found.kind,
        "projection": found.projection,
        "generation": found.generation,
        "version": found.version,
        "state": found.state,
        "actor": found.actor,
        "reason": found.reason,
        "parameters": found.parameters,
        "done": found.done,
        "total": found.total,
        "progress": progress.ratio(found),
        "rate": round(found.rate, 1),
        "eta_seconds": progress.eta_seconds(found),
        "note": found.note,
        "result": found.result,
        "started_at": rfc3339(found.started_at),
        "changed_at": rfc3339(found.changed_at),
        "finished_at": _time(found.finished_at),
    }


def audit_entry(entry: AuditEntry) -> dict[str, Any]:
    return {
        "id": entry.pk,
        "at": rfc3339(entry.at),
        "actor": entry.actor,
        "action": entry.action,
        "projection": entry.projection,
        "reason": entry.reason,
        "parameters": entry.parameters,
        "outcome": entry.outcome,
        "detail": entry.detail,
        "operation": entry.operation,
    }


def _time(moment: datetime | None) -> str | None:
    return rfc3339(moment) if moment else None
