"""Messages that wait in Celery's queues, whichever broker has them."""

from typing import Any

from django.conf import settings
from kombu import Connection

from eventstore import counted
from monitoring.system.findings import Finding, State

# As cqrs_site/celery.py names them, whose app a web process does not load.
QUEUES = ("operations", "projections")
TIMEOUT_S = 1
# Beat sends a few a second, and what is late expires: more means that nobody works.
MANY, TOO_MANY = 100, 1000


def look() -> list[Finding]:
    """One finding a queue. Raises what kombu and its transports raise."""
    options = {
        "socket_timeout": TIMEOUT_S,
        "socket_connect_timeout": TIMEOUT_S,
        "max_retries": 0,
    }
    connection = Connection(
        settings.CELERY_BROKER_URL,
        connect_timeout=TIMEOUT_S,
        transport_options=options,
    )
    with connection:
        connection.ensure_connection(max_retries=1, timeout=TIMEOUT_S)
        return [_queue(connection, name) for name in QUEUES]


def _queue(connection: Connection, name: str) -> Finding:
    channel: Any = connection.channel()  # its type lacks what transports have
    try:
        waiting: int = channel.queue_declare(name, passive=True).message_count
    except connection.channel_errors:
        if connection.transport.driver_type == "redis":
            return Finding(name=name, value=0, unit="messages")  # no empty lists there
        return Finding(
            name=name,
            value=0,
            unit="messages",
            state="careful",
            sentence="The queue is not there: no worker has taken from it yet.",
        )
    state: State = "good"
    if waiting >= MANY:
        state = "bad" if waiting >= TOO_MANY else "careful"
    return Finding(
        name=name,
        value=waiting,
        unit="messages",
        state=state,
        sentence=""
        if state == "good"
        else f"{counted.of(waiting, 'message')} wait: too few workers take them.",
    )
