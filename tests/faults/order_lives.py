"""Very many order events at once: a few dozen lives, decided once, lived by many.

An order's events are spread over the log, as those of real ones.
"""

from random import Random
from uuid import UUID

from eventstore import events, store
from eventstore.events import NewEvent
from eventstore.store import StreamAppend
from orders.domain.errors import OrderError
from orders.streams import ORDER
from tests.faults import order_commands

LIVES = 40
# Orders that are under way at one time, and those that go on in one statement.
UNDER_WAY = 4_000
AT_ONCE = 400


class _Living:
    def __init__(self, random: Random, lives: list[list[tuple]]) -> None:
        self.id = UUID(int=random.getrandbits(128))
        self.life = random.choice(lives)
        self.version = 0

    def next(self, random: Random) -> StreamAppend:
        return self.go_on(random.randint(1, 3))

    def go_on(self, events: int) -> StreamAppend:
        before = self.version
        self.version = min(before + events, len(self.life))
        customer_id = self.life[0][0].customer_id
        lived = self.life[before : self.version]
        new = [_new(self.id, customer_id, each) for each in lived]
        return StreamAppend(f"order-{self.id}", before, new)


class Market:
    """Orders that are under way: some go on at a time, new ones take their place."""

    def __init__(self, random: Random, *, under_way: int) -> None:
        self._random = random
        self._lives = [_life(random) for _ in range(LIVES)]
        self._under_way = under_way
        self._living: list[_Living] = []
        self.orders: list[UUID] = []

    def append(self, *, at_once: int) -> int:
        """Lets so many of them go on, in one statement; how many events that were."""
        while len(self._living) < self._under_way:
            self._living.append(_Living(self._random, self._lives))
        going_on = self._random.sample(self._living, at_once)
        appends = [each.next(self._random) for each in going_on]
        store.append_many(appends)
        self.orders += [UUID(each.stream[6:]) for each in appends if not each.expected]
        self._living = [each for each in self._living if each.version < len(each.life)]
        return sum(len(each.events) for each in appends)


def append(random: Random, count: int) -> list[UUID]:
    """Appends so many events, about; the orders they belong to."""
    market = Market(random, under_way=UNDER_WAY)
    done = 0
    while done < count:
        done += market.append(at_once=AT_ONCE)
    return market.orders


def append_evenly(random: Random, *, orders: int, events: int) -> list[UUID]:
    """Appends orders of so many events each, which live side by side; their ids."""
    lives = [_life(random, events=events) for _ in range(LIVES)]
    living = [_Living(random, lives) for _ in range(orders)]
    for _ in range(events):
        random.shuffle(living)
        for start in range(0, orders, AT_ONCE):
            store.append_many(
                [each.go_on(1) for each in living[start : start + AT_ONCE]]
            )
    return [each.id for each in living]


def _new(id: UUID, customer_id: str, lived: tuple) -> NewEvent:
    data, at = lived
    metadata = {
        "command_id": str(id),
        "actor": "faults",
        "customer_id": customer_id,
    }
    return events.new(data, occurred_at=at, metadata=metadata)


def _life(random: Random, *, events: int | None = None) -> list[tuple]:
    """(event, occurred_at) of an order that was placed and changed a few times.

    events: exactly so many.
    """
    order, life = None, []
    at = order_commands.at(random)
    left = random.randint(4, 16)
    while left > 0 if events is None else len(life) < events:
        left -= 1
        command = (order_commands.change if order else order_commands.place)(random)
        try:
            decided = ORDER.decide(order, command, at=at)
        except OrderError:
            continue
        order = ORDER.fold(order, [(each, at) for each in decided])
        life += [(each, at) for each in decided]
    return life[:events]
