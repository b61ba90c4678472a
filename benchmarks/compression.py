"""Large events with pglz and with lz4: `python -m benchmarks.compression`.

Large orders are appended turn by turn into the same table, so that all ways meet the
same machine. Prints appends a second and bytes an event, indexes included. The embedded
server has no lz4: --database names an empty one on a server that has it.
"""

import argparse
import random
import statistics
import time
from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec

from benchmarks import own_servers

if TYPE_CHECKING:
    from eventstore.store import StreamAppend
    from orders.domain.commands import PlaceOrder

LINES = 100
EVENTS = 300  # a turn
AT_ONCE = 50  # in a commit: alone, each would mostly wait for the disk
# name: (compression, toast_tuple_target in bytes)
WAYS = {
    "pglz": ("pglz", 2040),
    "lz4": ("lz4", 2040),
    "lz4, toast_tuple_target 512": ("lz4", 512),
}
KINDS = ("white", "vintage", "small", "set of six", "hanging", "ceramic", "wooden")
THINGS = ("lantern", "teapot", "cushion", "jewellery box", "mug", "wall clock", "tray")
SIZE = "SELECT pg_total_relation_size('eventstore_event')"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--lines", type=int, default=LINES)
    parser.add_argument("--database", metavar="URL", help="instead of one of its own")
    options = parser.parse_args()
    with own_servers.opened(database_url=options.database):
        rates: dict[str, list[float]] = {name: [] for name in WAYS}
        sizes: dict[str, list[float]] = {name: [] for name in WAYS}
        for _ in range(options.turns):
            for name in WAYS:
                rate, size = _turn(*WAYS[name], lines=options.lines)
                rates[name].append(rate)
                sizes[name].append(size)
    print(f"orders of {options.lines} lines, {options.turns} turns of {EVENTS}")
    for name in WAYS:
        least, most = min(rates[name]), max(rates[name])
        print(
            f"{name:30} {statistics.median(rates[name]):8,.0f} appends/s "
            f"({least:,.0f} to {most:,.0f})  "
            f"{statistics.median(sizes[name]):8,.0f} bytes an event"
        )


def _turn(method: str, target: int, *, lines: int) -> tuple[float, float]:
    from django.db import connection

    from eventstore import store

    new = list(_orders(lines))
    with connection.cursor() as cursor:
        cursor.execute(
            f"ALTER TABLE eventstore_event ALTER data SET COMPRESSION {method}, "
            f"ALTER metadata SET COMPRESSION {method}, "
            f"SET (toast_tuple_target = {target})"
        )
        cursor.execute(SIZE)
        (before,) = cursor.fetchone()
        began = time.perf_counter()
        for first in range(0, EVENTS, AT_ONCE):
            store.append_many(new[first : first + AT_ONCE])
        seconds = time.perf_counter() - began
        cursor.execute(SIZE)
        (after,) = cursor.fetchone()
    return EVENTS / seconds, (after - before) / EVENTS


def _orders(lines: int) -> "Iterator[StreamAppend]":
    from benchmarks import orders
    from eventstore import ids
    from eventstore.store import StreamAppend

    dice = random.Random(1)
    for _ in range(EVENTS):
        order_id = ids.uuid7()
        events = orders.placed(order_id, _large(lines, dice))
        yield StreamAppend(f"order-{order_id}", 0, events)


def _large(lines: int, dice: random.Random) -> "PlaceOrder":
    from benchmarks import orders
    from orders.domain.commands import NewLine

    return msgspec.structs.replace(
        orders.PLACE,
        lines=tuple(
            NewLine(
                sku=f"{dice.choice(THINGS)[:3].upper()}-{dice.randint(1, 9999)}",
                name=f"{dice.choice(KINDS)} {dice.choice(THINGS)} {number}",
                quantity=dice.randint(1, 12),
                unit_price=Decimal(dice.randint(50, 9999)) / 100,
            )
            for number in range(lines)
        ),
    )


if __name__ == "__main__":
    main()
