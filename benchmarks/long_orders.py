"""Milliseconds of one more command on a long order, with and without snapshots.

Turn by turn on the same orders, so that both meet the same machine. An order of three
events shows what asking for a snapshot costs where there is none.
"""

import statistics
import time
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

LONG = 5_000
SHORT = 3
# Of each length, in a turn: commands that go on changing one would make it longer.
ORDERS = 4
AT_ONCE = 1_000


def measure(seconds: float) -> dict[str, float]:
    figures: dict[str, float] = {}
    for events in (LONG, SHORT):
        took = _turns(seconds, events=events)
        for enabled, name in ((False, "without"), (True, "with")):
            label = f"command on {events:,} events, {name} snapshots"
            figures[f"{label}, p50 ms"] = _percentile(took[enabled], 50)
            figures[f"{label}, p95 ms"] = _percentile(took[enabled], 95)
    figures["writing the snapshot of 5,000 events, ms"] = _write(seconds)
    return figures


def _turns(seconds: float, *, events: int) -> dict[bool, list[float]]:
    took: dict[bool, list[float]] = {False: [], True: []}
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        for order_id in [_order(events) for _ in range(ORDERS)]:
            _add_note(order_id, enabled=True)  # makes the snapshot
            for _ in range(5 if events == LONG else 1):
                for enabled in took:
                    took[enabled].append(_add_note(order_id, enabled=enabled))
    return took


def _order(events: int) -> UUID:
    """An order of so many events, all but the first one notes."""
    from benchmarks import orders
    from eventstore import events as eventstore_events
    from eventstore import ids, store
    from eventstore.store import StreamAppend
    from orders.domain.events import NoteAdded

    order_id = ids.uuid7()
    at, stream = datetime.now(UTC), f"order-{order_id}"
    # The customer's own notes: encrypted with the customer's key, as the address is.
    metadata = {"actor": "benchmark", "customer_id": orders.PLACE.customer_id}
    new = orders.placed(order_id) + [
        eventstore_events.new(
            NoteAdded(text=f"the parcel was seen at stop {number}"),
            occurred_at=at,
            metadata=metadata,
        )
        for number in range(2, events + 1)
    ]
    for start in range(0, events, AT_ONCE):
        store.append_many([StreamAppend(stream, start, new[start : start + AT_ONCE])])
    return order_id


def _add_note(order_id: UUID, *, enabled: bool) -> float:
    """Milliseconds of the command."""
    from benchmarks import orders
    from eventstore import commands
    from orders import streams
    from orders.domain.commands import AddNote

    _configure(enabled=enabled)
    began = time.perf_counter()
    commands.handle(
        streams.ORDER,
        order_id,
        AddNote(text="the customer called"),
        at=datetime.now(UTC),
        context=orders.ASKED,
    )
    return (time.perf_counter() - began) * 1000


def _write(seconds: float) -> float:
    from eventstore import commands, snapshots
    from eventstore.models import Snapshot
    from orders import streams

    loaded = commands.load(streams.ORDER, _order(LONG))
    took: list[float] = []
    ends = time.monotonic() + min(seconds, 2)
    while time.monotonic() < ends:
        Snapshot.objects.filter(stream=loaded.event.stream).delete()
        began = time.perf_counter()
        snapshots.keep(streams.ORDER, loaded.state, at=loaded.event, keys=loaded.keys)
        took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took)


def _configure(**values: Any) -> None:
    from django.conf import settings

    snapshot = settings.CQRS.command_side.snapshot.model_copy(update=values)
    command_side = settings.CQRS.command_side.model_copy(update={"snapshot": snapshot})
    settings.CQRS = settings.CQRS.model_copy(update={"command_side": command_side})


def _percentile(values: list[float], percent: int) -> float:
    return statistics.quantiles(values, n=100)[percent - 1]
