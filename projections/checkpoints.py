"""The checkpoints that this code works on: made when missing, found when runnable."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from eventstore import log
from projections import leases, registry
from projections.models import Checkpoint
from projections.projection import Projection

USING = "read"


def live(name: str) -> list[Checkpoint]:
    """The partitions of a live generation, in order; [] before its start."""
    return of(name, Checkpoint.Role.LIVE)


def live_of(
    names: Iterable[str], *, using: str | None = None
) -> dict[str, list[Checkpoint]]:
    """As `live`, of several projections in one statement; using: a database alias."""
    found = Checkpoint.objects.using(using).filter(
        projection__in=list(names), role=Checkpoint.Role.LIVE
    )
    by_name: dict[str, list[Checkpoint]] = {}
    for each in found.order_by("partition"):
        by_name.setdefault(each.projection, []).append(each)
    return by_name


def live_and_kept(
    names: Iterable[str],
) -> tuple[dict[str, list[Checkpoint]], dict[str, list[Checkpoint]]]:
    """As `live`, and the same of the kept generations, of several in one statement."""
    roles = (Checkpoint.Role.LIVE, Checkpoint.Role.KEPT)
    found = Checkpoint.objects.filter(projection__in=list(names), role__in=roles)
    by_role: dict[str, dict[str, list[Checkpoint]]] = {role: {} for role in roles}
    for each in found.order_by("partition"):
        by_role[each.role].setdefault(each.projection, []).append(each)
    return by_role[Checkpoint.Role.LIVE], by_role[Checkpoint.Role.KEPT]


def of(name: str, role: Checkpoint.Role) -> list[Checkpoint]:
    """The partitions of a projection's generation in a role, in order; [] for none."""
    found = Checkpoint.objects.filter(projection=name, role=role)
    return list(found.order_by("partition"))


def locked(name: str, *roles: Checkpoint.Role) -> list[Checkpoint]:
    """Those of the roles, all of them by default, with their leases held.

    Waits for batches at work. In one order, so that two who lock do not deadlock. Like
    every lease, they are gone some seconds after their holder is.
    """
    leases.announce(name)
    wanted = Checkpoint.objects.filter(projection=name)
    if roles:
        wanted = wanted.filter(role__in=roles)
    found = list(wanted.select_for_update().order_by("pk"))
    if not found and wanted.exists():
        # A swap or a repartition, for which we waited, put others in their place.
        return locked(name, *roles)
    return found


def runnable() -> list[Checkpoint]:
    """Running partitions that this code may write, the one furthest behind first."""
    projections = {name: each for name, each in registry.all().items() if is_fed(name)}
    found = list(
        Checkpoint.objects.filter(projection__in=projections).order_by("position", "id")
    )
    known = {each.projection for each in found}
    if missing := [each for name, each in projections.items() if name not in known]:
        _begin(missing)
        return runnable()
    now = timezone.now()
    return [
        each
        for each in found
        if each.state == Checkpoint.State.RUNNING
        and projections[each.projection].maintains(each.version)
        and (each.next_attempt_at is None or each.next_attempt_at <= now)
    ]


def first(
    projection: Projection, *, partitions: int | None = None, **fields: Any
) -> list[Checkpoint]:
    """Checkpoints at the beginning of the log, one a partition; unsaved.

    partitions: the configured number by default.
    """
    if partitions is None:
        partitions = settings.CQRS.query_side.projection(projection.name).partitions
    epoch = log.identity().epoch
    return [
        Checkpoint(
            projection=projection.name,
            version=projection.version,
            partition=partition,
            partitions=partitions,
            epoch=epoch,
            **fields,
        )
        for partition in range(partitions)
    ]


def _begin(missing: Iterable[Projection]) -> None:
    # Several processes may do so at once: the first one's stay.
    new = [checkpoint for each in missing for checkpoint in first(each)]
    with transaction.atomic(using=USING):
        Checkpoint.objects.bulk_create(new, ignore_conflicts=True)


def is_fed(name: str) -> bool:
    """Whether its update_mode is not `off`."""
    return settings.CQRS.query_side.projection(name).update_mode == "async"
