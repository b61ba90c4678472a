"""How a rebuild and a roll back begin, in the transaction of the action that asks."""

from datetime import datetime

from eventstore import store
from projections import checkpoints, errors, operations, registry, tables
from projections.audit import Entry
from projections.models import Checkpoint, Operation
from projections.projection import Projection
from projections.rebuilding import ending, generations, partial

Role, State = Checkpoint.Role, Checkpoint.State


def rebuild(
    entry: Entry, *, partitions: int | None, from_timestamp: datetime | None
) -> Operation:
    """Makes empty shadow tables, and checkpoints at the beginning of the log for them.

    Raises UnknownProjection, NotAllowedInState (paused, not started, or under way).
    """
    projection = registry.get(entry.projection)
    live = checkpoints.locked(projection.name, Role.LIVE)
    if not live:
        raise errors.NotAllowedInState(
            f"{projection.name} has not been started by a worker yet"
        )
    if any(each.state == State.PAUSED for each in live):
        raise errors.NotAllowedInState(f"{projection.name} is paused: resume it first")
    _refuse_two(projection.name)
    since = _since(projection, live, from_timestamp)
    generation = 1 + generations.newest(projection.name)
    ending.drop_shadow(projection)  # of one that failed while a session held them
    tables.create_shadow(projection)
    Checkpoint.objects.bulk_create(
        checkpoints.first(
            projection,
            partitions=partitions,
            generation=generation,
            role=Role.SHADOW,
            state=State.FILLING,
        )
    )
    if since:
        entry.parameters["since"] = since.isoformat()
    return operations.begin(
        entry,
        kind=Operation.Kind.REBUILD,
        state=Operation.State.FILLING,
        version=projection.version,
        generation=generation,
        total=store.head(),
    )


def rollback(entry: Entry) -> Operation:
    """Lets the kept tables be caught up, and then take the place of the live ones.

    Raises UnknownProjection, NotAllowedInState (nothing kept, or under way).
    """
    projection = registry.get(entry.projection)
    found = checkpoints.locked(projection.name)
    _refuse_two(projection.name)
    kept = [each for each in found if each.role == Role.KEPT]
    if not kept:
        raise errors.NotAllowedInState(
            f"{projection.name} has no kept tables to roll back to"
        )
    if any(each.state == State.FAULTED for each in kept):
        raise errors.NotAllowedInState(
            f"the kept tables of {projection.name} do not belong to this log any more"
        )
    with ending.waiting_briefly(projection, tables.KEPT):
        tables.align(projection, tables.KEPT)  # the code that catches them up needs it
    Checkpoint.objects.filter(pk__in=[each.pk for each in kept]).update(
        state=State.RUNNING, failures=0, failure=None, next_attempt_at=None
    )
    return operations.begin(
        entry,
        kind=Operation.Kind.ROLLBACK,
        state=Operation.State.TAILING,
        version=kept[0].version,
        generation=kept[0].generation,
        total=store.head(),
    )


def _since(
    projection: Projection, live: list[Checkpoint], at: datetime | None
) -> datetime | None:
    """Since when events are folded anew onto copied rows; None: all, onto none."""
    if at is None:
        return None
    if any(each.state == State.FAULTED for each in live):
        raise errors.NotAllowedInState(
            f"the rows of {projection.name} do not belong to this log any more: "
            "rebuild all of them"
        )
    if live[0].version != projection.version:
        raise errors.NotAllowedInState(
            f"the rows of {projection.name} are of version {live[0].version}, this "
            f"code is version {projection.version}: rebuild all of them"
        )
    return partial.begins_at(projection, at)


def _refuse_two(name: str) -> None:
    if current := operations.current(name):
        raise errors.NotAllowedInState(
            f"{current.kind} {current.pk} of {name} is {current.state}: "
            "wait for it, or cancel it"
        )
