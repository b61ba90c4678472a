"""A look at the tables of several generations as they are at one position."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone

from eventstore import log
from projections import batch, checkpoints, errors
from projections.models import Checkpoint
from projections.projection import Projection

USING = "read"
# Between the moment when all are level and the snapshot followers are to wait, for so
# long at most if we die. One that was about to begin may still move a table.
PAUSE = timedelta(seconds=2)
ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A REPEATABLE READ transaction on a connection of its own, and where it stands."""

    connection: BaseDatabaseWrapper
    position: int
    event_id: UUID | None
    epoch: int
    generation: int  # of the live tables


@contextmanager
def level(projection: Projection, *roles: Checkpoint.Role) -> Iterator[Snapshot]:
    """The tables of these roles, all partitions at one position.

    Leases are held only until the snapshot is taken. What is written through its
    connection stands when the block ends well. Raises NeverLevel.
    """
    connection = connections[USING].copy()
    try:
        for _ in range(ATTEMPTS):
            _run_level(projection, roles)
            if snapshot := _taken(projection, roles, connection):
                yield snapshot
                connection.commit()
                return
        raise errors.NeverLevel(
            f"{projection.name} was not level at any of {ATTEMPTS} looks"
        )
    finally:
        connection.close()


def _run_level(projection: Projection, roles: tuple[Checkpoint.Role, ...]) -> None:
    epoch = log.identity().epoch
    with transaction.atomic(using=USING):
        found = checkpoints.locked(projection.name, *roles)
        target = max(each.position for each in found)
        behind = [each for each in found if each.position < target]
        if any(each.state == Checkpoint.State.PAUSED for each in behind):
            return  # its rows stay as they are
        for each in found:
            batch.run_to(projection, each, target, epoch=epoch)
        _wait_for_us(found, until=timezone.now() + PAUSE)


def _wait_for_us(found: list[Checkpoint], *, until: datetime | None) -> None:
    of_running = Checkpoint.objects.filter(pk__in=[each.pk for each in found])
    of_running.filter(failures=0).update(next_attempt_at=until)


def _taken(
    projection: Projection,
    roles: tuple[Checkpoint.Role, ...],
    connection: BaseDatabaseWrapper,
) -> Snapshot | None:
    with transaction.atomic(using=USING):
        found = checkpoints.locked(projection.name, *roles)
        _wait_for_us(found, until=None)
        if len({each.position for each in found}) != 1:
            return None
        connection.set_autocommit(False)
        with connection.cursor() as cursor:
            # The first statement of the transaction; the second takes the snapshot.
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            cursor.execute("SELECT 1")
    first = found[0]
    live = next(each for each in found if each.role == Checkpoint.Role.LIVE)
    return Snapshot(
        connection, first.position, first.event_id, first.epoch, live.generation
    )
