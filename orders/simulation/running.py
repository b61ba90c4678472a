"""Runs a simulation until its orders are finished or it is told to stop."""

import secrets
import threading
import time
from collections.abc import Callable

from orders.simulation import sending
from orders.simulation.pace import Pace
from orders.simulation.simulating import Simulation
from orders.simulation.tally import Tally


def run(
    *,
    rate: float,
    seed: int,
    orders: int | None,
    stopping: threading.Event,
    show: Callable[[Tally], None],
) -> Tally:
    """Gives `rate` commands a second; `show` is called after each of them."""
    simulation = Simulation(seed=seed, run=secrets.token_hex(4), orders=orders)
    pace = Pace(rate=rate)
    tally = Tally()
    began = time.monotonic()
    while (turn := simulation.next()) is not None:
        pace.wait(stopping)
        if stopping.is_set():
            break
        order_id, order = sending.send(turn, tally)
        simulation.answer(turn, order_id=order_id, order=order)
        tally.finished = simulation.finished
        tally.seconds = time.monotonic() - began
        tally.behind_s = pace.behind_s
        show(tally)
    return tally
