"""What the processes of the nursery do."""

import json
import logging
import os
import signal
import time
from datetime import timedelta
from pathlib import Path
from random import Random
from uuid import UUID

from django.db import connections, transaction
from django.test import Client

from eventstore import commands, errors, store
from eventstore.commands import Context, Outcome
from eventstore.events import RecordedEvent
from eventstore.store import StreamAppend
from orders.domain.errors import OrderError
from orders.projections.order_summary import OrderSummary
from orders.streams import ORDER
from projections import operating, runner
from projections.projection import Rows
from projections.reacting import following
from projections.rebuilding import filling
from tests.faults import keyed, order_commands, order_lives

ASKED = Context(actor="faults")
# More than the buffers on both sides of a connection take.
MUCH = b"SELECT repeat('x', 1000) FROM generate_series(1, 100000)"
SHARED_ORDERS = 3  # on which all writers of a soak work


class Undone(Exception):
    """A transaction that its writer gives up."""


def follower() -> None:
    """Follows the log as a worker does, as long as its nursery lives."""
    logging.disable()
    parent = os.getppid()
    while os.getppid() == parent:
        runner.follow(seconds=1)


def staller(*, asks: bool, began: str, go_on: str) -> None:
    """A follower that stands still in its first batch of a projection, until told.

    asks: after a question whose answer it does not read. began: a file it makes then.
    """
    fold = OrderSummary.fold

    def stalling(self: OrderSummary, rows: Rows, event: RecordedEvent) -> None:
        OrderSummary.fold = fold  # once
        if asks:
            connections["read"].connection.pgconn.send_query(MUCH)
        Path(began).touch()
        while not Path(go_on).exists():
            time.sleep(0.01)
        fold(self, rows, event)

    OrderSummary.fold = stalling
    follower()


def operator(*, events: int = 0) -> None:
    """Takes operations further as a worker does, as long as its nursery lives.

    events: of a batch that fills; 0: as many as in use.
    """
    logging.disable()
    filling.EVENTS = events or filling.EVENTS
    parent = os.getppid()
    while os.getppid() == parent:
        operating.work(seconds=1)
        time.sleep(0.05)


def sender(*, key: str, idempotency_key: str, statement: int, after: bool) -> None:
    """Places an order, and is killed before or after a statement of its request."""
    http = Client(SERVER_NAME="localhost", headers={"Authorization": f"Bearer {key}"})

    def kill() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    with keyed.dying(at=statement, after=after, die=kill):
        keyed.place(http, idempotency_key)


def seller(*, seed: int, rate: float, stop: str, result: str) -> None:
    """Places and changes orders at a rate of events a second until `stop` is there."""
    market = order_lives.Market(Random(seed), under_way=50)
    began, appended = time.monotonic(), 0
    while not Path(stop).exists():
        if appended > rate * (time.monotonic() - began):
            time.sleep(0.005)
        else:
            appended += market.append(at_once=5)
    seconds = time.monotonic() - began
    Path(result).write_text(json.dumps({"appended": appended, "seconds": seconds}))
    connections.close_all()


def reacting() -> None:
    """Lets the reactors react as a worker does, as long as its nursery lives."""
    logging.disable()
    parent = os.getppid()
    while os.getppid() == parent:
        following.follow(seconds=1)
        time.sleep(0.01)


def earner(*, stop: str, result: str) -> None:
    """Opens accounts that earn a bonus now and then, until the file `stop` is there."""
    # Only where the nursery has the settings of the tests' second domain.
    from tests.loyalty import domain, streams
    from tests.loyalty.reactors import bonus

    earned = [domain.EarnPoints(points=each) for each in (1, bonus.ONE, 2, bonus.ONE)]
    accounts = 0
    while not Path(stop).exists():
        accounts += 1
        for command in (domain.OpenAccount(owner="ada"), *earned):
            commands.handle(
                streams.ACCOUNT,
                accounts,
                command,
                at=order_commands.FIRST - timedelta(days=365),
                context=ASKED,
            )
        time.sleep(0.01)
    Path(result).write_text(json.dumps({"accounts": accounts}))
    connections.close_all()


def writer(*, seed: int, seconds: float, result: str) -> None:
    """Writes in transactions of every shape, then the ids of what it committed."""
    random, ends = Random(seed), time.monotonic() + seconds
    shared = [UUID(int=n + 1) for n in range(SHARED_ORDERS)]
    own: list[UUID] = []
    committed: list[str] = []
    counts = {"transactions": 0, "undone": 0, "lost": 0}
    while time.monotonic() < ends:
        counts["transactions"] += 1
        try:
            with transaction.atomic():
                done = _some_appends(random, shared, own)
                # The pause before the commit is what makes commits overtake.
                time.sleep(random.choice([0, 0, 0, 0.001, 0.005, 0.02, 0.05]))
                if random.random() < 0.15:
                    raise Undone
        except Undone:
            counts["undone"] += 1
            continue
        except errors.EventStoreError:
            counts["lost"] += 1
            continue
        committed += [str(each.event_id) for outcome in done for each in outcome.events]
        placed = [UUID(each.stream[6:]) for each in done if each.version == 1]
        own = [*own, *(each for each in placed if each not in shared)][-20:]
    Path(result).write_text(json.dumps({"committed": committed, **counts}))
    connections.close_all()


def importer(*, seed: int, stop: str, result: str) -> None:
    """Places orders and changes them, in bulk, until the file `stop` is there."""
    random = Random(seed)
    appended = 0
    known: list[UUID] = []
    while not Path(stop).exists():
        fresh = [UUID(int=random.getrandbits(128)) for _ in range(50)]
        changed = random.sample(known, min(50, len(known)))
        appends = [life(random, id) for id in (*fresh, *changed)]
        appended += len(store.append_many([each for each in appends if each.events]))
        known += fresh
    Path(result).write_text(json.dumps({"appended": appended}))
    connections.close_all()


def _some_appends(random: Random, shared: list[UUID], own: list[UUID]) -> list[Outcome]:
    done = []
    for _ in range(random.choice([1, 1, 2])):
        if random.random() < 0.2:
            try:
                with transaction.atomic():  # a savepoint, given up
                    _append(random, shared, own)
                    raise Undone
            except Undone:
                pass
        if random.random() < 0.2:
            with transaction.atomic():  # a savepoint, kept
                done.append(_append(random, shared, own))
        else:
            done.append(_append(random, shared, own))
    return done


def _append(random: Random, shared: list[UUID], own: list[UUID]) -> Outcome:
    if random.random() < 0.1:
        id = random.choice(shared)
    elif own and random.random() < 0.8:
        id = random.choice(own)
    else:
        id = UUID(int=random.getrandbits(128))
    at = order_commands.at(random)
    while True:
        placed = store.version_of(f"order-{id}")
        command = (order_commands.change if placed else order_commands.place)(random)
        try:
            return commands.handle(ORDER, id, command, at=at, context=ASKED)
        except OrderError:
            continue  # another command may be allowed


def life(random: Random, id: UUID) -> StreamAppend:
    """Some more events of an order, decided one after the other."""
    loaded = commands.load(ORDER, id)
    order, decided, at = loaded.state, [], order_commands.at(random)
    for _ in range(random.randint(1, 6)):
        command = (order_commands.change if order else order_commands.place)(random)
        try:
            new = ORDER.decide(order, command, at=at)
        except OrderError:
            continue
        order = ORDER.fold(order, [(each, at) for each in new])
        decided += new
    events = commands.prepare(ORDER, id, loaded, decided, at=at, context=ASKED)
    return StreamAppend(f"order-{id}", loaded.version, events)
