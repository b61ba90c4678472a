"""The Celery tasks of the engine; see runner.py and operating.py for what they do."""

from celery import shared_task

from projections import operating, operations, runner
from projections.reacting import following
from projections.verifying import checking

QUEUE = "projections"
# A message that nobody took by then is worth nothing: the next sweep sends another.
EXPIRES_S = 2
# Longer than an operation keeps a slot, so that the next free one is the reactors'.
REACT_EXPIRES_S = 10


@shared_task(name="projections.follow", queue=QUEUE, ignore_result=True)
def follow() -> int:
    """Follows the log for one tenancy, then hands its slot to the next message."""
    batches = runner.follow()
    follow.apply_async(expires=EXPIRES_S)
    return batches


@shared_task(name="projections.react", queue="operations", ignore_result=True)
def react() -> None:
    """Lets the reactors react until they are level, or for one tenancy."""
    if following.follow():
        react.apply_async(expires=REACT_EXPIRES_S)


@shared_task(name="projections.operate", queue="operations", ignore_result=True)
def operate() -> int:
    """Works on unfinished operations for one tenancy, and comes back for the rest."""
    steps = operating.work()
    if operations.unfinished():
        operate.apply_async(expires=EXPIRES_S)
    return steps


@shared_task(
    name="projections.check_consistency", queue="operations", ignore_result=True
)
def check_consistency() -> int:
    """Compares rows with their events where it is time to, for one tenancy."""
    return checking.run()
