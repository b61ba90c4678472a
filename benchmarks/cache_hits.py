"""How many order details come from the cache? `python -m benchmarks.cache_hits`

Readers look at orders as clients do while a simulation changes them: at the newest
orders of the list, at the first ones most, and now and then at one of long ago.
"""

import argparse
import statistics
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from random import Random

from benchmarks import running_system
from benchmarks.clients import Caller, Web
from benchmarks.rounds import QUERIES

FIRST_ORDERS = 50
LISTED = 200  # orders that a reader has in view
LIST_EVERY_S = 1.0
OLD = 0.05  # share of reads of an order that it has seen at some time
MEAN_PLACE = 20  # in the list, of the order that is read


@dataclass(slots=True)
class Found:
    results: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    refused: Counter[int] = field(default_factory=Counter)


def main() -> None:
    options = _options()
    with running_system.started(webs=2) as system:
        # Something to read from the first moment on.
        system.manage("simulate_orders", f"--orders={FIRST_ORDERS}", "--rate=100")
        system.simulate(options.rate)
        key = system.key("orders:read")
        found = read(
            system.webs, key=key, readers=options.readers, seconds=options.seconds
        )
    _print(found, options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.cache_hits", description=__doc__
    )
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--readers", type=int, default=4)
    parser.add_argument(
        "--rate", type=float, default=20, help="commands a second of the simulation"
    )
    return parser.parse_args()


def read(webs: Sequence[Web], *, key: str, readers: int, seconds: float) -> Found:
    """What the details' X-Cache said, by readers that are spread over the servers."""
    found, ended = Found(), threading.Event()
    with ThreadPoolExecutor(readers) as pool:
        asked = [
            pool.submit(_go_on, Caller(webs[each % len(webs)], key=key), found, ended)
            for each in range(readers)
        ]
        time.sleep(seconds)
        ended.set()
        for each in asked:
            each.result()
    return found


def _go_on(caller: Caller, found: Found, ended: threading.Event) -> None:
    random = Random()
    listed: list[str] = []
    known: list[str] = []
    listed_at = float("-inf")
    while not ended.is_set():
        if time.monotonic() - listed_at > LIST_EVERY_S:
            listed, listed_at = _newest(caller), time.monotonic()
            known = list(dict.fromkeys([*known, *listed]))
        place = min(int(random.expovariate(1 / MEAN_PLACE)), len(listed) - 1)
        id = random.choice(known) if random.random() < OLD else listed[place]
        answer = caller.get(f"{QUERIES}/orders/{id}")
        if answer.status == 200:
            found.results[answer.headers.get("X-Cache", "no X-Cache")] += 1
            found.seconds.append(answer.seconds)
        else:
            found.refused[answer.status] += 1


def _newest(caller: Caller) -> list[str]:
    """Some, in any case: workers may have the first ones still to read."""
    while True:
        answer = caller.get(f"{QUERIES}/orders?limit={LISTED}")
        if answer.status == 200 and answer.body["data"]:
            return [each["order_id"] for each in answer.body["data"]]
        time.sleep(LIST_EVERY_S)


def _print(found: Found, options: argparse.Namespace) -> None:
    reads = found.results.total()
    cuts = statistics.quantiles(found.seconds, n=100)
    print(
        f"{reads:,} order details in {options.seconds:.0f} s by {options.readers} "
        f"readers, {options.rate:g} commands/s beside them; refused "
        f"{dict(found.refused) or 'none'}"
    )
    for name, count in found.results.most_common():
        print(f"{name:12} {count:>8,} {count / reads:7.1%}")
    print(f"p50 {cuts[49] * 1000:.1f} ms, p99 {cuts[98] * 1000:.1f} ms")


if __name__ == "__main__":
    main()
