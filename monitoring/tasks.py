"""The Celery tasks of what operators see."""

from celery import shared_task

from monitoring import sampling


@shared_task(name="monitoring.sample", queue="operations", ignore_result=True)
def sample() -> bool:
    """Takes the sample of this slot, unless another worker has; whether it did."""
    return sampling.take()
