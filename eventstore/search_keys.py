"""Streams by what they are about: a search key in the metadata of their first event."""

from django.db import connections

# There is an index of this key; see models.Event.
BY_CUSTOMER = """
SELECT stream
FROM eventstore_event
WHERE version = 1
  AND metadata ->> 'customer_id' = %s
  AND starts_with(stream, %s)
  AND position < %s
ORDER BY position
"""


def streams_of_customer(
    customer_id: str, *, stream_type: str, before: int, using: str = "default"
) -> list[str]:
    """The streams of a type that were begun for a customer before a position."""
    with connections[using].cursor() as cursor:
        cursor.execute(BY_CUSTOMER, [customer_id, f"{stream_type}-", before])
        return [stream for (stream,) in cursor.fetchall()]
