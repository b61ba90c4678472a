"""Copies of live rows outside the database: withdrawn before a commit, renewed after.

A copy carries the tag of the generation it was made from, so that a swap voids all of
them at once. If copies cannot be withdrawn, the tag changes in the same transaction.
"""

from collections.abc import Collection

from django.db import transaction
from django.db.models import F

from projections.models import Checkpoint
from projections.projection import Projection

USING = "read"


def tag(checkpoint: Checkpoint) -> str:
    """What copies of a partition's rows carry while they are right."""
    return f"{checkpoint.epoch}.{checkpoint.generation}.{checkpoint.cache_epoch}"


def epoch_of(tag: str) -> int:
    """The epoch of the log in which rows with this tag were made."""
    return int(tag.partition(".")[0])


def follow(
    projection: Projection,
    checkpoint: Checkpoint,
    streams: Collection[str],
    *,
    position: int,
) -> None:
    """Before the commit that changes rows of these streams, with the lease in hand.

    checkpoint: as it is under the lease. position: where it then stands.
    """
    copies = projection.copies
    if copies is None or not streams or checkpoint.role != Checkpoint.Role.LIVE:
        return
    names = sorted(streams)
    mark = copies.withdraw(names)
    if mark is None:
        Checkpoint.objects.filter(pk=checkpoint.pk).update(
            cache_epoch=F("cache_epoch") + 1
        )
        return
    made_from = tag(checkpoint)

    # A function with a name, which Django tells when it fails.
    def renew() -> None:
        copies.renew(names, mark, tag=made_from, position=position)

    # Robust: what is committed is committed, whatever becomes of its copies.
    transaction.on_commit(renew, using=USING, robust=True)
