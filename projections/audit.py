"""The door's ledger: who may, who did, and who was refused (P9).

An action that was confirmed on a page is done once: its entry has the page's token.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import connections, transaction

from projections import errors
from projections.actors import Actor
from projections.confirming import Confirmation
from projections.models import AuditEntry, Operation

USING = "read"
LONGEST_REASON = 500  # characters, as the contract has it

# Two submissions of one form at once take turns: the second finds the first one's entry
# instead of a state that no longer allows the action. The upper 16 bits keep these keys
# apart from others' (7: the log, 8: leases, 9: operations, 10: held streams).
CLAIM = """
SELECT pg_advisory_xact_lock((11::bigint << 48) | (hashtext(%s)::bigint & 4294967295))
"""


@dataclass(slots=True, kw_only=True)
class Entry:
    """What will be written down of an action; `parameters` may grow while it runs."""

    action: str
    projection: str
    actor: Actor
    reason: str
    parameters: dict[str, Any] = field(default_factory=dict)
    operation: Operation | None = None
    once: Confirmation | None = None


@contextmanager
def action(
    name: str,
    projection: str,
    *,
    permission: str,
    actor: Actor,
    reason: str,
    once: Confirmation | None = None,
    needs_reason: bool = False,
    **parameters: Any,
) -> Iterator[Entry]:
    """Runs the block in a transaction that also writes what was done, and by whom.

    Without the permission, without a reason that is needed, or refused by the block,
    nothing of it stands, and the refusal is written down instead; it does not use the
    token of `once` up. Raises NotPermitted, MissingReason, ReasonTooLong, AlreadyDone
    (the token was used: nothing is done or written), and what the block raises.
    """
    entry = Entry(
        action=name,
        projection=projection,
        actor=actor,
        reason=reason,
        parameters=parameters,
        once=once,
    )
    try:
        _allow(entry, permission, needs_reason=needs_reason)
        with transaction.atomic(using=USING):
            _claim(once)
            yield entry
            write(entry, outcome="started" if entry.operation else "done")
    except errors.AlreadyDone:
        raise
    except errors.ProjectionError as error:
        write(entry, outcome="refused", detail=str(error))
        raise


def refused(
    name: str, projection: str, *, actor: Actor, detail: str, **parameters: Any
) -> None:
    """Writes down what was refused before it came to the door, such as for a scope."""
    entry = Entry(
        action=name,
        projection=projection,
        actor=actor,
        reason="",
        parameters=parameters,
    )
    write(entry, outcome="refused", detail=detail)


def write(entry: Entry, *, outcome: str, detail: str = "") -> None:
    AuditEntry.objects.create(
        actor=entry.actor.name,
        action=entry.action,
        projection=entry.projection[:100],
        reason=entry.reason[:LONGEST_REASON],
        parameters=entry.parameters,
        outcome=outcome,
        detail=detail,
        operation=entry.operation.pk if entry.operation else None,
        token=entry.once.token if entry.once and outcome != "refused" else None,
    )


def done_with(once: Confirmation) -> AuditEntry | None:
    """What was done by this confirmation before, if anything was."""
    return AuditEntry.objects.using(USING).filter(token=once.token).first()


def ended(operation: Operation) -> None:
    """Writes down how an operation ended, beside the entry of its start.

    Of an error its kind alone: entries are for ever, and a message may quote an event.
    """
    detail = operation.note
    if operation.state == Operation.State.FAILED:
        detail = detail.partition(":")[0]
    AuditEntry.objects.create(
        actor=operation.actor,
        action=operation.kind,
        projection=operation.projection,
        reason=operation.reason,
        parameters=operation.parameters,
        outcome=operation.state,
        detail=detail,
        operation=operation.pk,
    )


def _claim(once: Confirmation | None) -> None:
    if once is None:
        return
    with connections[USING].cursor() as cursor:
        cursor.execute(CLAIM, [str(once.token)])
    if done := done_with(once):
        raise errors.AlreadyDone(done)


def _allow(entry: Entry, permission: str, *, needs_reason: bool) -> None:
    if permission not in entry.actor.permissions:
        raise errors.NotPermitted(
            actor=entry.actor.name, action=entry.action, permission=permission
        )
    if needs_reason and not entry.reason.strip():
        raise errors.MissingReason(f"{entry.action} needs a reason")
    if len(entry.reason) > LONGEST_REASON:
        raise errors.ReasonTooLong(
            f"a reason has at most {LONGEST_REASON} characters, "
            f"this one {len(entry.reason)}"
        )
