"""How things stood when a review page showed them, and what has changed since.

A standing is a short JSON text: what decides whether an action still is the one that
was confirmed. How far something has come is no part of it, so it stays as long as
nobody interferes. It is compared with the leases held, in the action's transaction.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from projections import checkpoints, dead_letters, errors, failure, operations, registry
from projections.confirming import Confirmation
from projections.models import Checkpoint, DeadLetter, Operation

Role, State = Checkpoint.Role, Checkpoint.State

UNDER_WAY = "under way"
# What workers go through by themselves is one phase: nobody has interfered.
PHASES = {
    Operation.State.FILLING: UNDER_WAY,
    Operation.State.TAILING: UNDER_WAY,
    Operation.State.COMPARING: UNDER_WAY,
    Operation.State.SWAPPING: UNDER_WAY,
    Operation.State.RETRYING: UNDER_WAY,
}
WORDS = {
    State.PAUSED: "was paused",
    State.FAULTED: "has failed",
    State.RUNNING: "was resumed",
}

Facts = Mapping[str, Any]


def of(name: str) -> str:
    """Of a projection or reactor. Raises UnknownProjection."""
    registry.subscriber(name)
    found = list(Checkpoint.objects.filter(projection=name))
    return _text(_projection(found, operations.newest(name)))


def of_many(name: str) -> str:
    """Of a projection or reactor whose held streams are to be retried: its tables.

    Raises UnknownProjection.
    """
    registry.subscriber(name)
    return _text(_tables(checkpoints.live(name)))


def of_letter(id: int) -> str:
    """Of a held stream. Raises UnknownDeadLetter."""
    return _text(_letter(dead_letters.get(id)))


def of_operation(id: int) -> str:
    """Raises UnknownOperation."""
    return _text(_operation(operations.get(id)))


def refuse_overtaken(name: str, once: Confirmation | None) -> None:
    """Takes the leases of a projection or reactor, and compares.

    Raises Overtaken, UnknownProjection.
    """
    if once is None:
        return
    registry.subscriber(name)
    found = checkpoints.locked(name)
    # After the leases, as workers do: else the two would deadlock.
    newest = operations.newest(name)
    if newest and not newest.finished_at:
        newest = _locked(newest.pk)
    _compare(name, once, _projection(found, newest), _changes_of_projection)


def refuse_many_overtaken(name: str, once: Confirmation | None) -> None:
    """As `refuse_overtaken`, for the retry of many held streams."""
    if once is None:
        return
    registry.subscriber(name)
    live = checkpoints.locked(name, Role.LIVE)
    _compare(name, once, _tables(live), _changes_of_projection)


def refuse_letter_overtaken(id: int, once: Confirmation | None) -> None:
    """Takes the lease of a held stream, and compares. Raises Overtaken."""
    if once is None:
        return
    try:
        letter = dead_letters.locked(id)
    except errors.UnknownDeadLetter:
        stream = json.loads(once.seen).get("stream", f"dead letter {id}")
        raise errors.Overtaken(f"{stream} is held no longer") from None
    _compare(letter.stream, once, _letter(letter), _changes_of_letter)


def refuse_operation_overtaken(id: int, once: Confirmation | None) -> None:
    """Locks an operation, a rebuild's after its leases, and compares.

    Raises Overtaken, UnknownOperation.
    """
    if once is None:
        return
    found = operations.get(id)
    if found.kind != Operation.Kind.RETRY:
        checkpoints.locked(found.projection)
    found = _locked(id)
    _compare(f"{found.kind} {id}", once, _operation(found), _changes_of_operation)


def _locked(id: int) -> Operation:
    return Operation.objects.select_for_update().get(pk=id)


def _compare(
    target: str,
    once: Confirmation,
    now: Facts,
    changes: Callable[[Facts, Facts], list[str]],
) -> None:
    if once.seen == _text(now):
        return
    told = changes(json.loads(once.seen), now) or ["has changed"]
    raise errors.Overtaken(f"{target} {' and '.join(told)} meanwhile")


def _changes_of_projection(before: Facts, now: Facts) -> list[str]:
    told = []
    if before.get("generation") != now["generation"]:
        told.append(f"got other tables (generation {now['generation']})")
    elif before.get("version") != now["version"]:
        told.append(f"came to version {now['version']}")
    if "state" in now and before.get("state") != now["state"]:
        told.append(WORDS.get(now["state"], f"is {now['state']}"))
    if "partitions" in now and before.get("partitions") != now["partitions"]:
        told.append(f"was given {now['partitions']} partitions")
    if before.get("kept") != now.get("kept"):
        kept = now["kept"]
        told.append(f"keeps generation {kept}" if kept else "lost its kept tables")
    was, is_ = before.get("operation"), now.get("operation")
    if is_ and (was is None or was["operation"] != is_["operation"]):
        told.append(f"got {is_['kind']} {is_['operation']}, which is {is_['phase']},")
    elif is_ and was != is_:
        told.append(f"had its {is_['kind']} {is_['operation']} {is_['phase']}")
    return told


def _changes_of_letter(before: Facts, now: Facts) -> list[str]:
    told = []
    if before.get("event_id") != now["event_id"]:
        told.append(f"came to fail at version {now['version']}")
    if before.get("state") != now["state"]:
        told.append(f"came to be {now['state']}")
    return told


def _changes_of_operation(before: Facts, now: Facts) -> list[str]:
    return [f"came to be {now['phase']}"] if before != now else []


def _projection(found: list[Checkpoint], newest: Operation | None) -> Facts:
    live = [each for each in found if each.role == Role.LIVE]
    kept = [each for each in found if each.role == Role.KEPT]
    return {
        **_tables(live),
        "partitions": len(live),
        "state": " and ".join(sorted({_state(each) for each in live})),
        "kept": kept[0].generation if kept else None,
        "operation": _operation(newest) if newest else None,
    }


def _tables(live: list[Checkpoint]) -> Facts:
    return {
        "generation": live[0].generation if live else None,
        "version": live[0].version if live else None,
    }


def _state(checkpoint: Checkpoint) -> str:
    return State.FAULTED if failure.is_faulted(checkpoint) else checkpoint.state


def _letter(letter: DeadLetter) -> Facts:
    return {
        "stream": letter.stream,
        "generation": letter.generation,
        "event_id": str(letter.event_id),
        "version": letter.version,
        "state": letter.state,
    }


def _operation(found: Operation) -> Facts:
    phase = PHASES.get(Operation.State(found.state), found.state)
    return {"operation": found.pk, "kind": found.kind, "phase": phase}


def _text(facts: Facts) -> str:
    return json.dumps(facts, sort_keys=True, separators=(",", ":"))
