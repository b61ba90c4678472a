import threading

import pytest

from orders.simulation import pace


class Clock:
    """Time that passes only when somebody waits for it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        monkeypatch.setattr(pace.time, "monotonic", lambda: self.now)

    def wait(self, seconds: float) -> bool:
        self.now += seconds
        return False


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


def test_it_gives_so_many_slots_a_second(clock):
    kept = pace.Pace(rate=50)
    for _ in range(101):
        kept.wait(clock)
    assert clock.now == pytest.approx(102)
    assert kept.behind_s == 0


def test_it_catches_up_after_a_short_delay(clock):
    kept = pace.Pace(rate=10)
    for number in range(31):
        if number == 5:
            clock.now += 0.9
        kept.wait(clock)
    assert clock.now == pytest.approx(103)
    assert kept.behind_s == 0


def test_it_gives_up_what_it_cannot_catch_up(clock):
    kept = pace.Pace(rate=10)
    kept.wait(clock)
    clock.now += 20
    kept.wait(clock)
    kept.wait(clock)
    assert kept.behind_s == pytest.approx(19.9)
    assert clock.now == pytest.approx(120.1)  # no burst


def test_it_does_not_wait_when_it_is_to_stop():
    kept = pace.Pace(rate=0.001)
    stopping = threading.Event()
    stopping.set()
    kept.wait(stopping)
    kept.wait(stopping)  # 1,000 s, if it did
