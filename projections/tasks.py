"""The Celery tasks of the engine; see runner.py for what they do."""

from celery import shared_task

from projections import runner

QUEUE = "projections"
# A message that nobody took by then is worth nothing: the next sweep sends another.
EXPIRES_S = 2


@shared_task(name="projections.follow", queue=QUEUE, ignore_result=True)
def follow() -> int:
    """Follows the log for one tenancy, then hands its slot to the next message."""
    batches = runner.follow()
    follow.apply_async(expires=EXPIRES_S)
    return batches
