"""Measures this system on this machine: `bin/bench`, or `bin/bench append visibility`.

Servers of its own, durable, in a temporary folder; nothing of the checkout's data is
touched. Figures move with the machine: compare only what one run prints.

What the system promises under load has programs of its own, which fail when it is not
kept: `python -m benchmarks.read_your_writes`, `python -m benchmarks.cache_hits`.
"""

import argparse
import json
import statistics
import sys
from collections.abc import Callable

from benchmarks import own_servers


def main() -> None:
    options = _options()
    with own_servers.opened():
        _run(options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/bench", description=__doc__)
    parser.add_argument("names", nargs="*", help="some of the benchmarks; default: all")
    parser.add_argument("--seconds", type=float, default=5, help="of each measurement")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def _run(options: argparse.Namespace) -> None:
    from benchmarks import append, catch_up, long_orders, queries, rebuild, visibility

    known: dict[str, Callable[[float], dict[str, float]]] = {
        "append": append.measure,
        "catch_up": catch_up.measure,
        "long_orders": long_orders.measure,
        "queries": queries.measure,
        "queries_before": queries.measure_before,
        "rebuild": rebuild.measure,
        "visibility": visibility.measure,
    }
    if unknown := set(options.names) - set(known):
        sys.exit(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(known)}")
    figures: dict[str, list[float]] = {}
    for _ in range(options.repeat):
        for name in options.names or known:
            for label, value in known[name](options.seconds).items():
                figures.setdefault(label, []).append(value)
                print(f"{label}: {value:,.1f}", file=sys.stderr)
    if options.json:
        print(json.dumps(figures, indent=2))
    else:
        _print_table(figures)


def _print_table(figures: dict[str, list[float]]) -> None:
    print(f"{'':44} {'median':>10} {'least':>10} {'most':>10}")
    for label, values in figures.items():
        row = (statistics.median(values), min(values), max(values))
        print(f"{label:44}", *(f"{each:>10,.1f}" for each in row))


if __name__ == "__main__":
    main()
