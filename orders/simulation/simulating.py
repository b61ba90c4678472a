"""Many lives at once: which order's turn it is follows from the seed alone."""

import heapq
from dataclasses import dataclass
from random import Random
from uuid import UUID

from orders.domain.commands import OrderCommand
from orders.domain.order import Order
from orders.simulation import lives
from orders.simulation.lives import Life


@dataclass(slots=True, kw_only=True, eq=False)
class Turn:
    """A command that is to be handled now. order_id, order: None until it is placed."""

    number: int
    life: Life
    command: OrderCommand
    order_id: UUID | None = None
    order: Order | None = None


class Simulation:
    """Time is counted in commands, so that the clock changes nothing in what happens.

    orders: how many to place, None for no end. run: marks references of this run, as
    a second run with the same seed decides the same.
    """

    def __init__(self, *, seed: int, run: str, orders: int | None = None) -> None:
        self._seed = seed
        self._run = run
        self._orders = orders
        self._tick = 0
        self._waiting: list[tuple[int, int, Turn]] = []
        self.begun = 0
        self.finished = 0

    def next(self) -> Turn | None:
        """Whose turn it is; None when all orders have lived their lives."""
        self._tick += 1
        if self._waiting and self._waiting[0][0] <= self._tick:
            return heapq.heappop(self._waiting)[2]
        if self._orders is None or self.begun < self._orders:
            return self._begin()
        if self._waiting:
            self._tick, _, turn = heapq.heappop(self._waiting)
            return turn
        return None

    def answer(self, turn: Turn, *, order_id: UUID | None, order: Order | None) -> None:
        """Goes on with the life; `order` is as the handled command has left it."""
        turn.order_id, turn.order = order_id, order
        try:
            ask = turn.life.send(order)
        except StopIteration:
            self.finished += 1
            return
        turn.command = ask.command
        heapq.heappush(self._waiting, (self._tick + ask.after, turn.number, turn))

    def _begin(self) -> Turn:
        self.begun += 1
        random = Random(f"{self._seed}:{self.begun}")
        life = lives.life(random, reference=f"S{self._run}-{self.begun}")
        return Turn(number=self.begun, life=life, command=next(life).command)
