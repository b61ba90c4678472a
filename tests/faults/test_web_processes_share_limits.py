"""Two web servers, each with its processes: one count a key, and no cache of keys."""

import http.client
import subprocess
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from api import keys
from cqrs_site.embedded import ports
from cqrs_site.up import programs
from tests.integration.eventstore import sessions

LIMIT = {
    "CQRS__API__RATE_LIMIT__REQUESTS": "40",
    "CQRS__API__RATE_LIMIT__WINDOW_S": "36000",  # the next one comes back in 900 s
}
PATH = "/api/v1/queries/orders?limit=1"


def ask(port: int, key: str, path: str = PATH) -> int:
    connection = http.client.HTTPConnection(ports.HOST, port, timeout=30)
    try:
        connection.request("GET", path, headers={"Authorization": f"Bearer {key}"})
        return connection.getresponse().status
    finally:
        connection.close()


def answers(port: int) -> bool:
    try:
        return ask(port, "", "/health/live") == 200
    except OSError:
        return False


@pytest.fixture
def servers(process_environment):
    """The ports of two web servers."""
    # A busy machine may need more than 50 ms; what is tested is not that.
    url = process_environment["REDIS_URL"]
    patient = {"REDIS_URL": f"{url}?socket_timeout=5&socket_connect_timeout=5"}
    environment = {**process_environment, **LIMIT, **patient}
    with ExitStack() as stack:
        found = [ports.fresh(), ports.fresh()]
        for port in found:
            process = stack.enter_context(
                subprocess.Popen(
                    programs.web(port), env=environment, stderr=subprocess.DEVNULL
                )
            )
            stack.callback(process.terminate)
        for port in found:
            sessions.wait_until(lambda port=port: answers(port), seconds=60)
        yield found


def create(name: str) -> str:
    return keys.create(name=name, scopes=["orders:read"]).key


def test_they_count_a_burst_of_requests_together_and_exactly(servers):
    key, other = create("a"), create("b")
    with ThreadPoolExecutor(50) as clients:
        asked = [clients.submit(ask, servers[each % 2], key) for each in range(50)]
        found = Counter(each.result() for each in asked)
    assert found == {200: 40, 429: 10}
    assert [ask(port, other) for port in servers] == [200, 200]


def test_they_refuse_a_revoked_key_with_the_next_request(servers):
    key = create("a")
    # Often enough that each process of each server has seen the key.
    assert {ask(port, key) for port in servers * 8} == {200}
    keys.revoke("a")
    assert {ask(port, key) for port in servers * 8} == {401}
