"""Does a client ever read less than it wrote? `python -m benchmarks.read_your_writes`

Clients write at one of two web servers and read with the token at the other, under the
load of a simulation, while the tables that they read are rebuilt and swapped. Then the
projections are paused: the documented 503 has to come within the time asked for. Exit
code 1 when anything was stale, wrong or late.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Sequence
from http import HTTPStatus

from benchmarks import rounds, running_system
from benchmarks.clients import Caller
from benchmarks.rounds import COMMANDS, QUERIES, Tally
from benchmarks.running_system import System
from benchmarks.swaps import Swaps

SWAPPED = ("order_detail", "order_summary")
PAUSED = (*SWAPPED, "customer_summary")
BEHIND = "read-model-behind"
WAIT_S = 2
# Of an answer beside the waiting, on a machine that is busy. Seconds.
SLACK_S = 1.0
SETTLE_S = 60


def main() -> None:
    options = _options()
    with running_system.started(webs=2) as system:
        system.simulate(options.rate)
        key = system.key("orders:read", "orders:write")
        swaps = Swaps(SWAPPED, manage=system.manage, after=options.rounds // 4)
        began = time.monotonic()
        tally = rounds.run(
            system.webs,
            key=key,
            clients=options.clients,
            rounds=options.rounds,
            is_over=swaps.are_over,
            seen=swaps.begin,
        )
        seconds = time.monotonic() - began
        faults = [*tally.stale, *tally.wrong]
        faults += paused(system, key=key)
        _print(tally, seconds, swaps)
    for fault in faults[:20]:
        print(fault, file=sys.stderr)
    sys.exit(1 if faults else 0)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.read_your_writes", description=__doc__
    )
    parser.add_argument("--rounds", type=int, default=10_000)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument(
        "--rate", type=float, default=20, help="commands a second of the simulation"
    )
    return parser.parse_args()


def paused(system: System, *, key: str) -> list[str]:
    """What is not as documented while projections are paused, and after that; []."""
    for name in PAUSED:
        system.manage("projection", "pause", name, "--reason", "measurement")
    caller = Caller(system.webs[0], key=key)
    placed = caller.post(
        COMMANDS, rounds.new_order("paused", f"paused-{time.time_ns()}")
    )
    paths = [
        f"{QUERIES}/orders/{placed.body['order_id']}",
        f"{QUERIES}/orders?customer_id=paused",
        f"{QUERIES}/customers/paused",
    ]
    headers = {"Consistency-Token": placed.body["consistency_token"]}
    faults = _refused(caller, paths, headers)
    for name in PAUSED:
        system.manage("projection", "resume", name, "--reason", "measurement")
    return faults + _read(caller, paths, headers)


def _refused(
    caller: Caller, paths: Sequence[str], headers: dict[str, str]
) -> list[str]:
    faults = []
    for path in paths:
        answer = caller.get(path, {**headers, "Prefer": f"wait={WAIT_S}"})
        code = answer.body.get("code")
        print(
            f"paused, Prefer: wait={WAIT_S}: {answer.status} {code} after "
            f"{answer.seconds:.2f} s, Retry-After {answer.headers['Retry-After']}"
        )
        late = not WAIT_S <= answer.seconds <= WAIT_S + SLACK_S
        told = (answer.status, code) == (HTTPStatus.SERVICE_UNAVAILABLE, BEHIND)
        if late or not told or not answer.headers["Retry-After"]:
            faults.append(f"{path} while paused: {answer}")
    return faults


def _read(caller: Caller, paths: Sequence[str], headers: dict[str, str]) -> list[str]:
    """Each of them answers after the projections were resumed."""
    faults = []
    for path in paths:
        answer = caller.get(path, {**headers, "Prefer": f"wait={SETTLE_S // 2}"})
        if answer.status != HTTPStatus.OK:
            faults.append(f"{path} after resuming: {answer}")
    return faults


def _print(tally: Tally, seconds: float, swaps: Swaps) -> None:
    print(
        f"{tally.rounds:,} rounds in {seconds:.0f} s ({tally.rounds / seconds:.0f}/s), "
        f"{swaps.count()} swaps meanwhile: {len(tally.stale)} stale, "
        f"{len(tally.wrong)} wrong, refused {dict(tally.refused) or 'none'}"
    )
    for name, values in (
        ("write", tally.writes),
        ("read with its token", tally.reads),
        ("the same read again", tally.again),
        ("wait: the one less the other", tally.waits),
    ):
        cuts = statistics.quantiles(values, n=100)
        print(f"{name:32} p50 {cuts[49] * 1000:7.1f} ms, p99 {cuts[98] * 1000:7.1f} ms")
    print(f"order details: {dict(tally.cached)}")


if __name__ == "__main__":
    main()
