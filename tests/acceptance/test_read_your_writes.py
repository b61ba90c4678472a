"""A client that keeps its token never reads less than it wrote, at either web server:
the short form of `python -m benchmarks.read_your_writes`.
"""

import sys

from benchmarks import rounds
from benchmarks.swaps import Swaps
from cqrs_site.embedded import ports
from tests.acceptance.system import System, until

CLIENTS, ROUNDS = 4, 240
SWAPPED = ("order_detail", "order_summary")


def test_it_shows_each_write_at_the_other_web_server_also_during_swaps(
    system: System,
) -> None:
    system.start()
    second = system.start_web()
    system.start_worker()
    system.start_worker(queue="operations")
    until(lambda: system.get(f"http://127.0.0.1:{second}/health/ready").status == 200)
    swaps = Swaps(SWAPPED, manage=system.manage, after=ROUNDS // 4)
    tally = rounds.run(
        [(ports.HOST, system.port), (ports.HOST, second)],
        key=system.key("orders:read", "orders:write"),
        clients=CLIENTS,
        rounds=ROUNDS,
        is_over=swaps.are_over,
        seen=swaps.begin,
    )
    sys.stdout.write(f"{tally.rounds} rounds, refused {dict(tally.refused)}\n")
    assert (tally.stale, tally.wrong) == ([], [])
    # Seldom is one behind for as long as a query waits: a loaded machine, not a rule.
    assert len(tally.reads) - tally.refused.total() >= ROUNDS / 2
