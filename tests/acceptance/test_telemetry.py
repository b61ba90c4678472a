"""What web servers, workers and beat tell of themselves adds up."""

import pytest

from eventstore.telemetry import outcomes, presence
from tests.acceptance.client import Client
from tests.acceptance.system import System, until


@pytest.fixture
def telling(system: System, settings) -> System:
    """Started, with a web server of two processes; read as the console reads it."""
    system.start()
    settings.REDIS_URL = system.environment["REDIS_URL"]
    system.port = system.start_web(workers=2)
    until(lambda: system.get("/health/live").status == 200)
    return system


def alive(role: str) -> list[presence.Process]:
    found = presence.processes()
    return [each for each in found if each.role == role and each.is_alive]


def test_it_tells_of_web_processes_workers_and_beat(telling: System) -> None:
    until(lambda: len(alive("web")) == 3)
    until(lambda: len(alive("worker")) == 2)
    until(lambda: len(alive("beat")) == 1)
    slots = alive("worker")
    assert {each.queues for each in slots} == {("projections",)}
    assert {each.name for each in slots} == {"worker1@test"}
    # Each is a process of its own, with an identity of its own.
    assert len({each.pid for each in [*alive("web"), *slots, *alive("beat")]}) == 6


def test_commands_of_several_web_processes_add_up(telling: System) -> None:
    until(lambda: len(alive("web")) == 3)
    client = Client(telling)
    for _ in range(30):
        client.place()
    until(lambda: outcomes.summary(minutes=5).of_outcome("accepted") == 30)
    assert outcomes.summary(minutes=5).total == 30
    assert len(outcomes.recent(limit=100)) == 30
