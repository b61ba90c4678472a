"""The Celery tasks of the log's own upkeep."""

from celery import shared_task

from eventstore import answers


@shared_task(
    name="eventstore.delete_expired_answers", queue="operations", ignore_result=True
)
def delete_expired_answers() -> int:
    """Deletes kept answers whose time is over; how many."""
    return answers.delete_expired()
