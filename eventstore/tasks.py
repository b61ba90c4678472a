"""The Celery tasks of the log's own upkeep."""

from celery import shared_task

from eventstore import answers
from eventstore.seals import sealing


@shared_task(
    name="eventstore.delete_expired_answers", queue="operations", ignore_result=True
)
def delete_expired_answers() -> int:
    """Deletes kept answers whose time is over; how many."""
    return answers.delete_expired()


@shared_task(name="eventstore.seal", queue="operations", ignore_result=True)
def seal() -> int:
    """Seals what is settled; how many events."""
    return sealing.seal_settled()
