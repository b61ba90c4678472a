"""What does it save to send orders by the hundred? `python -m benchmarks.bulk_orders`

The same number of orders twice, over HTTP against real web servers: each in a request
of its own, and then in bulks. Without workers, which would read along.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

from benchmarks import running_system
from benchmarks.clients import Caller, Web

COMMANDS = "/api/v1/commands/orders"
ORDER = {
    "customer_id": "customer-1",
    "currency": "EUR",
    "lines": [
        {"sku": sku, "name": f"Product {sku}", "quantity": 2, "unit_price": "9.50"}
        for sku in ("A-1", "B-2", "C-3")
    ],
    "shipping_address": {
        "name": "Ada Byron",
        "line1": "12 Mill Lane",
        "city": "Bath",
        "country": "GB",
    },
}

Send = Callable[[Caller, int], None]


def main() -> None:
    options = _options()
    os.environ["CQRS__API__RATE_LIMIT__REQUESTS"] = "0"  # none
    with running_system.started(webs=options.webs, workers=False) as system:
        key = system.key("orders:write")
        single = _rate(system.webs, key, _place, [1] * options.orders, options.clients)
        whole, rest = divmod(options.orders, options.size)
        bulks = [options.size] * whole + [rest] * bool(rest)
        bulk = _rate(system.webs, key, _place_many, bulks, options.bulk_clients)
        stored = _stored()
    print(f"{options.orders:,} orders of {len(ORDER['lines'])} lines each")
    print(f"single, {options.clients} clients: {single:,.0f} orders/s")
    print(
        f"bulks of {options.size}, {options.bulk_clients} clients: {bulk:,.0f} orders/s"
    )
    print(f"ratio: {bulk / single:.1f}")
    if stored != 2 * options.orders:
        sys.exit(f"{stored:,} events are in the log, not {2 * options.orders:,}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.bulk_orders", description=__doc__
    )
    parser.add_argument("--orders", type=int, default=100_000)
    parser.add_argument("--size", type=int, default=500, help="orders in a bulk")
    parser.add_argument("--webs", type=int, default=2, help="web processes")
    parser.add_argument("--clients", type=int, default=8, help="of single orders")
    parser.add_argument("--bulk-clients", type=int, default=2)
    return parser.parse_args()


def _rate(
    webs: list[Web], key: str, send: Send, portions: list[int], clients: int
) -> float:
    """Orders a second, by clients that are spread over the servers."""
    left: Iterator[int] = iter(portions)

    def client(number: int) -> None:
        with closing(Caller(webs[number % len(webs)], key=key)) as caller:
            for orders in left:  # next() of a list's iterator needs no lock
                send(caller, orders)

    began = time.monotonic()
    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(client, range(clients)))
    return sum(portions) / (time.monotonic() - began)


def _place(caller: Caller, orders: int) -> None:
    answer = caller.post(COMMANDS, ORDER)
    if answer.status != 201:
        raise RuntimeError(f"{answer.status}: {answer.body}")


def _place_many(caller: Caller, orders: int) -> None:
    answer = caller.post(f"{COMMANDS}/bulk", {"orders": [ORDER] * orders})
    results: list[dict[str, Any]] = answer.body.get("results", [])
    if [each["status"] for each in results] != [201] * orders:
        raise RuntimeError(f"{answer.status}: {str(answer.body)[:500]}")


def _stored() -> int:
    from eventstore.models import Event

    return Event.objects.count()


if __name__ == "__main__":
    main()
