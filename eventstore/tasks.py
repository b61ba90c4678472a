"""The Celery tasks of the log's own upkeep."""

import time

from celery import shared_task

from eventstore import answers

BATCH = 1_000  # answers a transaction
TENANCY_S = 5  # of a worker's slot; what is left is the next message's


@shared_task(
    name="eventstore.delete_expired_answers", queue="operations", ignore_result=True
)
def delete_expired_answers() -> int:
    """Deletes kept answers whose time is over, in batches; how many."""
    ends = time.monotonic() + TENANCY_S
    deleted = 0
    while batch := answers.delete_expired(limit=BATCH):
        deleted += batch
        if batch < BATCH or time.monotonic() >= ends:
            break
    return deleted
