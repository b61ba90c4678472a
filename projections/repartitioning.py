"""Changes the number of a projection's partitions while it runs."""

from eventstore import log
from projections import batch, checkpoints, errors, operations, partitions, registry
from projections.in_redis import generation
from projections.in_redis.projection import RedisProjection
from projections.models import Checkpoint

Role, State = Checkpoint.Role, Checkpoint.State
# Positions that a partition may be behind the first one: they are bridged while all
# leases are held.
AT_MOST = 10_000


def check(count: int | None) -> None:
    """Raises WrongPartitions; None stands for what is configured."""
    if count is not None and not 1 <= count <= partitions.MOST:
        raise errors.WrongPartitions(
            f"{count} partitions: allowed is 1 to {partitions.MOST}"
        )


def change(name: str, count: int) -> None:
    """Lets every partition run exactly to the foremost, and replaces them by others.

    In the caller's transaction: until it ends no batch begins, so no event is seen by
    an old and a new partition, and none by neither.
    Raises NotAllowedInState (faulted, being rebuilt, already so many, too far apart).
    """
    projection = registry.get(name)
    found = checkpoints.locked(name, Role.LIVE)
    _refuse(name, found, count)
    target = max(each.position for each in found)
    epoch = log.identity().epoch
    for each in found:
        batch.run_to(projection, each, target, epoch=epoch)
    last = max(found, key=lambda each: each.advanced_at)
    folded = sum(each.events_folded for each in found)
    Checkpoint.objects.filter(pk__in=[each.pk for each in found]).delete()
    replaced = Checkpoint.objects.bulk_create(
        Checkpoint(
            projection=name,
            generation=last.generation,
            version=last.version,
            state=last.state,
            partition=number,
            partitions=count,
            position=target,
            event_id=last.event_id,
            epoch=last.epoch,
            # What could not be withdrawn in any of them must not match in another.
            cache_epoch=max(each.cache_epoch for each in found),
            # What was folded before the change counts for the first one.
            events_folded=folded if number == 0 else 0,
            advanced_at=last.advanced_at,
        )
        for number in range(count)
    )
    if isinstance(projection, RedisProjection):
        generation.stand(projection, replaced)


def _refuse(name: str, found: list[Checkpoint], count: int) -> None:
    if not found:
        raise errors.NotAllowedInState(f"{name} has not been started by a worker yet")
    if any(each.state == State.FAULTED or each.failures for each in found):
        raise errors.NotAllowedInState(f"{name} is failing: see its error")
    if any(each.state == State.PAUSED for each in found):
        raise errors.NotAllowedInState(f"{name} is paused: resume it first")
    if operation := operations.current(name):
        raise errors.NotAllowedInState(
            f"{operation.kind} {operation.pk} of {name} is {operation.state}: "
            "it can be given a number of partitions at its beginning"
        )
    if len(found) == count:
        raise errors.NotAllowedInState(f"{name} has {count} partitions already")
    if not registry.get(name).maintains(found[0].version):
        raise errors.NotAllowedInState(
            f"the tables of {name} are of version {found[0].version}, which this code "
            "does not maintain"
        )
    positions = [each.position for each in found]
    if max(positions) - min(positions) > AT_MOST:
        raise errors.NotAllowedInState(
            f"a partition of {name} is {max(positions) - min(positions):,} positions "
            f"behind the foremost: wait until it has caught up"
        )
