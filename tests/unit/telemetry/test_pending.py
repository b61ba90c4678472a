"""What waits to be sent stays bounded."""

from eventstore.telemetry import pending, slots
from eventstore.telemetry.pending import Pending


def test_it_adds_up_what_is_counted_in_one_slot():
    waiting = Pending()
    for times in (1, 4):
        waiting.count("commands", ("place-order",), times, slot=7)
    waiting.count("commands", ("place-order",), 1, slot=8)
    assert [sum(each.values()) for each in waiting.counts.values()] == [5, 1]


def test_it_gives_the_oldest_slots_up_beyond_its_bound(monkeypatch):
    monkeypatch.setattr(pending, "MAX_COUNTERS", 10)
    waiting = Pending()
    for slot in range(5):
        for label in range(4):
            waiting.count("commands", (str(label),), 1, slot=slot)
    assert sorted(slot for slot, _ in waiting.counts) == [3, 4]
    assert sum(map(len, waiting.counts.values())) == 8


def test_it_gives_up_what_nobody_asks_for_any_more():
    waiting = Pending()
    for slot in (0, 1, slots.KEEP_S // slots.SLOT_S + 1):
        waiting.count("commands", ("place-order",), 1, slot=slot)
    assert [slot for slot, _ in waiting.counts] == [1, 361]


def test_it_keeps_the_newest_entries():
    waiting = Pending()
    for number in range(100):
        waiting.remember("commands", number, newest=3)
    assert list(waiting.entries["commands"]) == [97, 98, 99]
