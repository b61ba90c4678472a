"""The Celery tasks of the log's own upkeep."""

import logging

from celery import shared_task

from eventstore import answers
from eventstore.seals import chain, sealing

logger = logging.getLogger(__name__)


@shared_task(
    name="eventstore.delete_expired_answers", queue="operations", ignore_result=True
)
def delete_expired_answers() -> int:
    """Deletes kept answers whose time is over; how many."""
    return answers.delete_expired()


@shared_task(name="eventstore.seal", queue="operations", ignore_result=True)
def seal() -> int:
    """Seals what is settled; how many events."""
    sealed = sealing.seal_settled()
    if sealed and (last := chain.last()):
        # Whatever collects the logs so has an anchor, which no superuser can change.
        digest = bytes(last.digest).hex()
        logger.info("sealed up to position %s: %s", last.last_position, digest)
    return sealed
