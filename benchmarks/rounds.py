"""Rounds of a write and a read that demands it, each at another web server.

A round reads the order, the list filtered by the order's reference, or the customer, in
turn. Every client has customers and orders of its own, so that it knows what it has to
see: the version of its write, or as many orders as it has placed; and never an older
version than it has seen.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import uuid4

from benchmarks.clients import Answer, Caller, Web

COMMANDS = "/api/v1/commands/orders"
QUERIES = "/api/v1/queries"
# Orders of a client that it goes on changing.
RECENT = 20
# One round in so many reads once more what has just been there: what a read takes that
# has nothing to wait for.
AGAIN = 4


@dataclass(slots=True)
class Tally:
    """Seconds of writes, of reads that demand the write, and of the same read again;
    stale, wrong: what was not as it had to be, in words; refused: codes of 503.
    """

    rounds: int = 0
    stale: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    cached: Counter[str] = field(default_factory=Counter)
    writes: list[float] = field(default_factory=list)
    reads: list[float] = field(default_factory=list)
    again: list[float] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)


@dataclass(slots=True)
class Order:
    id: str
    reference: str
    version: int = 1
    seen: int = 0  # the newest version that a read has shown


@dataclass(frozen=True, slots=True)
class Write:
    """What a client did last: the order, and how to demand to see it."""

    order: Order
    token: str
    position: int


class Client:
    def __init__(
        self, number: int, webs: Sequence[Web], *, key: str, tally: Tally
    ) -> None:
        self.customer = f"client-{number}-{uuid4().hex[:8]}"
        self._random = Random(number)
        self._callers = [Caller(web, key=key) for web in webs]
        self._tally = tally
        self._orders: list[Order] = []
        self._rounds = 0

    def close(self) -> None:
        for each in self._callers:
            each.close()

    def round(self) -> None:
        """A write at one web server, and a read at another one."""
        number, self._rounds = self._rounds, self._rounds + 1
        writes = self._callers[number % len(self._callers)]
        reads = self._callers[(number + 1) % len(self._callers)]
        write = self._place(writes) if number % 3 == 0 else self._note(writes)
        if write is None:
            return
        self._tally.rounds += 1
        look = (self._customer, self._detail, self._listed)[number % 3]
        first = look(reads, write, {"Consistency-Token": write.token})
        self._tally.reads.append(first.seconds)
        if first.status == 200 and number % AGAIN == 0:
            second = look(reads, write, {"Consistency-Token": write.token})
            self._tally.again.append(second.seconds)
            self._tally.waits.append(max(first.seconds - second.seconds, 0.0))

    def _place(self, caller: Caller) -> Write | None:
        reference = f"{self.customer}-{len(self._orders)}"
        answer = caller.post(COMMANDS, new_order(self.customer, reference))
        if not self._is(answer, 201, "placing an order"):
            return None
        order = Order(answer.body["order_id"], reference)
        self._orders.append(order)
        return self._written(order, answer)

    def _note(self, caller: Caller) -> Write | None:
        order = self._random.choice(self._orders[-RECENT:])
        note = {"text": f"round {self._rounds}"}
        answer = caller.post(f"{COMMANDS}/{order.id}/add-note", note)
        if not self._is(answer, 200, "adding a note"):
            return None
        order.version = answer.body["version"]
        return self._written(order, answer)

    def _written(self, order: Order, answer: Answer) -> Write:
        self._tally.writes.append(answer.seconds)
        token, position = answer.body["consistency_token"], answer.body["position"]
        return Write(order, token, position)

    def _detail(self, caller: Caller, write: Write, headers: dict[str, str]) -> Answer:
        answer = caller.get(f"{QUERIES}/orders/{write.order.id}", headers)
        if self._is_read(answer, write, "the order"):
            self._tally.cached[answer.headers.get("X-Cache", "no X-Cache")] += 1
            self._see(write.order, answer.body["version"], "the order")
        return answer

    def _listed(self, caller: Caller, write: Write, headers: dict[str, str]) -> Answer:
        query = f"external_reference={write.order.reference}"
        answer = caller.get(f"{QUERIES}/orders?{query}", headers)
        if self._is_read(answer, write, "the list"):
            versions = [each["version"] for each in answer.body["data"]]
            self._see(write.order, versions[0] if versions else 0, "the list")
        return answer

    def _customer(
        self, caller: Caller, write: Write, headers: dict[str, str]
    ) -> Answer:
        answer = caller.get(f"{QUERIES}/customers/{self.customer}", headers)
        if self._is_read(answer, write, "the customer"):
            shown, placed = answer.body["orders"], len(self._orders)
            if shown < placed:
                self._tally.stale.append(
                    f"{self.customer} has {shown} orders after placing {placed}"
                )
        return answer

    def _see(self, order: Order, version: int, where: str) -> None:
        if version < max(order.version, order.seen):
            self._tally.stale.append(
                f"{where} shows {order.id} at version {version}; written "
                f"{order.version}, seen {order.seen}"
            )
        order.seen = max(order.seen, version)

    def _is_read(self, answer: Answer, write: Write, what: str) -> bool:
        if answer.status == 503:
            self._tally.refused[answer.body["code"]] += 1
            return False
        if not self._is(answer, 200, what):
            return False
        stands = int(answer.headers["Read-Position"])
        if stands < write.position:
            self._tally.stale.append(
                f"{what} stands at {stands} with a token of {write.position}"
            )
        return True

    def _is(self, answer: Answer, status: int, what: str) -> bool:
        if answer.status != status:
            self._tally.wrong.append(f"{what}: {answer.status} {answer.body}")
        return answer.status == status


def run(
    webs: Sequence[Web],
    *,
    key: str,
    clients: int,
    rounds: int,
    is_over: Callable[[], bool] = lambda: True,
    seen: Callable[[int], None] = lambda rounds: None,
) -> Tally:
    """So many rounds by so many clients at once, and further ones until `is_over`.

    seen: told twice a second how many rounds there were.
    """
    tally, ended = Tally(), threading.Event()
    with ThreadPoolExecutor(clients) as pool:
        asked = [
            pool.submit(_go_on, Client(each, webs, key=key, tally=tally), ended)
            for each in range(clients)
        ]
        try:
            while not any(each.done() for each in asked):
                seen(tally.rounds)
                if tally.rounds >= rounds and is_over():
                    break
                time.sleep(0.5)
        finally:
            ended.set()
        for each in asked:
            each.result()
    return tally


def _go_on(client: Client, ended: threading.Event) -> None:
    with closing(client):
        while not ended.is_set():
            client.round()


def new_order(customer: str, reference: str) -> dict[str, Any]:
    """The body of a new order."""
    return {
        "customer_id": customer,
        "currency": "EUR",
        "external_reference": reference,
        "lines": [{"sku": "TEA", "name": "Tea", "quantity": 10, "unit_price": "5.00"}],
        "shipping_address": {
            "name": "Ada Byron",
            "line1": "12 Mill Lane",
            "city": "Bath",
            "country": "GB",
        },
    }
