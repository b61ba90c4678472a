"""After a deploy: a projection whose code has a higher version is rebuilt by itself."""

import logging

from projections import actors, checkpoints, control, errors, registry
from projections.models import Checkpoint, Operation
from projections.projection import Projection

logger = logging.getLogger(__name__)

ACTOR = actors.program("deploy")


def begin_due() -> None:
    """Begins the rebuilds that this code's versions ask for.

    Once a version: when that was cancelled, has failed or was rolled back, an operator
    decides. Code of a lower version, an old worker in a rolling deploy, begins nothing.
    """
    for projection in registry.all().values():
        if _is_due(projection):
            reason = f"version {projection.version} was deployed"
            try:
                control.rebuild(projection.name, actor=ACTOR, reason=reason)
            except errors.NotAllowedInState as error:
                logger.info("%s", error)  # another worker was faster


def _is_due(projection: Projection) -> bool:
    live = checkpoints.live(projection.name)
    if not live or live[0].version >= projection.version:
        return False
    if any(each.state == Checkpoint.State.PAUSED for each in live):
        return False
    if not checkpoints.is_fed(projection.name):
        return False
    of_projection = Operation.objects.filter(projection=projection.name)
    tried = of_projection.filter(
        kind=Operation.Kind.REBUILD, version=projection.version
    ).exists()
    busy = of_projection.filter(finished_at=None).exclude(kind=Operation.Kind.RETRY)
    return not tried and not busy.exists()
