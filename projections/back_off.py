"""How long what failed waits before it is tried again."""

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

# Doublings beyond this exceed every delay that may be configured.
MOST_DOUBLINGS = 20


def next_attempt_at(projection: str, *, failures: int) -> datetime:
    """When to try again after so many failures in a row: twice as long after each.

    From the projection's retry_first_delay_s to its retry_longest_delay_s.
    """
    own = settings.CQRS.query_side.projection(projection)
    doublings = min(failures - 1, MOST_DOUBLINGS)
    seconds = min(own.retry_first_delay_s * 2**doublings, own.retry_longest_delay_s)
    return timezone.now() + timedelta(seconds=seconds)
