"""What the system stands on: found in time, whatever is away."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest
from django.conf import settings

from cqrs_site import celery
from monitoring.system import bounded, queues, redis_servers, report
from monitoring.system.findings import Finding, Section

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Takes connections and never says a word."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def sections() -> dict[str, Section]:
    return {each.key: each for each in report.report()}


def values(section: Section) -> dict[str, object]:
    return {each.name: each.value for each in section.findings}


def test_it_finds_everything_well():
    found = sections()
    away = [each.key for each in found.values() if values(each).get("answer")]
    assert away == []
    assert values(found["queues"]) == {"operations": 0, "projections": 0}
    assert values(found["migrations"]).popitem()[1] == "all applied"


def test_its_queues_are_those_of_the_workers():
    named = {each.name for each in celery.app.conf.task_queues}
    assert set(queues.QUEUES) == named


def test_it_counts_what_waits_in_a_queue():
    celery.app.send_task("projections.operate", queue="operations")
    assert values(sections()["queues"])["operations"] == 1


def test_a_redis_that_is_away_is_a_sentence(monkeypatch):
    monkeypatch.setattr(settings, "REDIS_URL", "redis://127.0.0.1:1/0")
    (finding,) = sections()["redis"].findings
    assert (finding.value, finding.state) == ("away", "bad")
    assert "cannot be asked" in finding.sentence


def test_servers_that_say_nothing_hold_nobody(monkeypatch, silent_port):
    monkeypatch.setattr(settings, "REDIS_URL", f"redis://127.0.0.1:{silent_port}/0")
    monkeypatch.setattr(settings, "CELERY_BROKER_URL", settings.REDIS_URL)
    found = sections()
    assert {found[key].state for key in ("redis", "queues")} == {"bad"}
    assert "version" in values(found["postgres"])


def test_a_look_that_hangs_is_left_to_itself():
    ends = threading.Event()

    def hangs() -> list[Finding]:
        ends.wait(30)
        return []

    began = time.monotonic()
    looks = {"hangs": hangs, "well": lambda: [Finding(name="is", value=1)]}
    found = bounded.all(looks, seconds=0.2)
    assert time.monotonic() - began < 10
    assert found["hangs"][0].sentence == "It does not answer within 0.2 s."
    assert found["well"][0].value == 1
    ends.set()


def test_a_policy_that_may_evict_is_told(redis_policy):
    redis_policy("allkeys-lru")
    (finding,) = (e for e in redis_servers.look() if e.name == "when full")
    assert finding.state != "good"
    assert "noeviction" in finding.sentence


@pytest.fixture
def redis_policy():
    from eventstore import redis_client

    with redis_client.connect(timeout_s=1) as client:
        before = client.config_get("maxmemory-policy")["maxmemory-policy"]
        yield lambda policy: client.config_set("maxmemory-policy", policy)
        client.config_set("maxmemory-policy", before)


def test_pages_that_ask_again_and_again_get_one_look():
    first = report.lately(seconds=60)
    assert report.lately(seconds=60) is first
    assert report.lately(seconds=-1) is not first
