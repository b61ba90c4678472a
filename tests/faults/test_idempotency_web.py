"""Clients send everything several times while the web server is killed: once each."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest

from api import keys
from cqrs_site.embedded import ports
from cqrs_site.up import programs
from eventstore.models import KeptAnswer
from tests.faults import keyed
from tests.integration.eventstore import sessions
from tests.integration.orders.shop import stored_events

REQUESTS, TIMES, CLIENTS, KILLS = 150, 3, 12, 4
WRITE = ("orders:write",)


class Web:
    """A web server that is killed and started again on one port."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.port, self._environment = ports.fresh(), environment
        self._headers = {
            "Authorization": f"Bearer {keys.create(name='c', scopes=WRITE).key}",
            "Content-Type": "application/json",
        }
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(
            programs.web(self.port),
            env=self._environment,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # a group of its own, to be killed as one
        )
        sessions.wait_until(self._answers, seconds=60)

    def kill(self) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def place(self, name: str) -> tuple[bytes, bool]:
        """The answer, sent as often as it takes, and whether it is a replay."""
        ends = time.monotonic() + 90
        while time.monotonic() < ends:
            try:
                status, body, replayed = self._ask(
                    "POST", keyed.ORDERS, {**self._headers, "Idempotency-Key": name}
                )
            except (OSError, http.client.HTTPException):
                status = 0
            if status == 201:
                return body, replayed
            assert status in (0, 409, 503), body
            time.sleep(0.05)
        raise AssertionError(f"{name} was not answered in time")

    def _answers(self) -> bool:
        try:
            return self._ask("GET", "/health/live", {})[0] == 200
        except (OSError, http.client.HTTPException):
            return False

    def _ask(self, method: str, path: str, headers: dict[str, str]):
        connection = http.client.HTTPConnection(ports.HOST, self.port, timeout=30)
        try:
            body = json.dumps(keyed.ORDER) if method == "POST" else None
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            replayed = answer.headers["Idempotency-Replayed"] == "true"
            return answer.status, answer.read(), replayed
        finally:
            connection.close()


@pytest.fixture
def web(process_environment):
    found = Web(process_environment)
    yield found
    found.kill()


def test_it_does_each_request_once_while_the_web_server_is_killed(web, seed):
    random = Random(seed)
    names = [f"k-{number}" for number in range(REQUESTS) for _ in range(TIMES)]
    random.shuffle(names)
    with ThreadPoolExecutor(CLIENTS) as clients:
        sent = [(name, clients.submit(web.place, name)) for name in names]
        for _ in range(KILLS):
            time.sleep(random.uniform(0.02, 0.2))
            web.kill()
            web.start()
        answers: dict[str, set[bytes]] = {}
        firsts = 0
        for name, future in sent:
            body, replayed = future.result()
            answers.setdefault(name, set()).add(body)
            firsts += not replayed
    assert {name: len(bodies) for name, bodies in answers.items()} == dict.fromkeys(
        names, 1
    )
    assert stored_events() == KeptAnswer.objects.count() == REQUESTS
    assert firsts <= REQUESTS
    sys.stdout.write(f"{REQUESTS - firsts} first answers were lost on their way\n")


def test_it_replays_after_a_restart(web):
    first, replayed = web.place("k")
    assert not replayed
    web.kill()
    web.start()
    assert web.place("k") == (first, True)
