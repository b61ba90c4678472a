"""What Redis has lost comes from the log again, and what nobody needs goes.

A generation of which anything is missing is given up as a whole: the live one begins
anew under another number, from the beginning of the log, and is not read until it is
complete. A rebuild or a roll back that met the same loss fails by itself.
"""

import logging
import time
from collections.abc import Iterable

from django.db import transaction

from eventstore import log
from projections import checkpoints, errors, registry
from projections.in_redis import generation
from projections.in_redis.projection import RedisProjection
from projections.models import Checkpoint, DeadLetter
from projections.projection import Projection
from projections.rebuilding import generations

logger = logging.getLogger(__name__)

USING = "read"
Role, State = Checkpoint.Role, Checkpoint.State
# A process looks this often whether everything is there. Seconds.
LOOK_S = 1.0
_looked_at = 0.0


def look(followed: Iterable[Checkpoint]) -> bool:
    """Begins those of the live generations anew of which Redis has lost anything,
    unless this process looked within the last second; whether there were any.

    Redis that is away has lost nothing yet.
    """
    global _looked_at
    if time.monotonic() - _looked_at < LOOK_S:
        return False
    _looked_at = time.monotonic()
    names = {each.projection for each in followed if each.role == Role.LIVE}
    began = False
    for name in sorted(names):
        projection = registry.get(name)
        if isinstance(projection, RedisProjection):
            try:
                began |= _look(projection)
            except errors.RedisAway as error:
                logger.info("%s cannot be looked at: %s", name, error)
    return began


def _look(projection: RedisProjection) -> bool:
    there = generation.names(projection)
    found = Checkpoint.objects.filter(projection=projection.name)
    # Read after Redis: a generation has a checkpoint before it has entries.
    for name in there - {generation.name_of(each) for each in found}:
        generation.remove(projection, name)
    live = [each for each in found if each.role == Role.LIVE]
    lost = bool(live) and generation.is_lost(projection, live)
    return lost and refill(projection)


def refill(projection: Projection) -> bool:
    """Begins the live generation anew if followers run it and Redis has lost any of it;
    whether it did. Raises RedisAway.
    """
    if not isinstance(projection, RedisProjection):
        return False
    with transaction.atomic(using=USING):
        found = checkpoints.locked(projection.name, Role.LIVE)
        if not found or any(each.state != State.RUNNING for each in found):
            return False
        if not generation.is_lost(projection, found):
            return False  # another worker was faster
        logger.warning("Redis lost entries of %s: filled again", projection.name)
        DeadLetter.objects.filter(
            projection=projection.name, generation=found[0].generation
        ).delete()
        Checkpoint.objects.filter(pk__in=[each.pk for each in found]).update(
            generation=1 + generations.newest(projection.name),
            version=projection.version,
            position=0,
            event_id=None,
            epoch=log.identity().epoch,
            events_folded=0,
            failures=0,
            failure=None,
            next_attempt_at=None,
        )
    return True
