"""Clients send everything several times while the web server is killed: once each."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from random import Random
from typing import Any
from uuid import UUID

import pytest

from api import keys
from cqrs_site.embedded import ports
from cqrs_site.up import programs
from eventstore.models import Event, KeptAnswer
from tests.faults import keyed
from tests.integration.eventstore import sessions

REQUESTS = int(os.environ.get("CQRS_IDEMPOTENT_REQUESTS", "100"))
TIMES, CLIENTS, ORDERS = 3, 12, 5
# A process that is killed in mid-request leaves its lock for a moment.
COME_AGAIN = {"idempotency-in-progress", "version-conflict"}
TENANCY_S = 240


@dataclass(frozen=True)
class Sent:
    """A request, and what it was answered."""

    key: str
    status: int
    body: bytes
    replayed: bool


class Web:
    """A web server that is killed and started again on one port."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.port, self._environment = ports.fresh(), environment
        key = keys.create(name="c", scopes=("orders:write",)).key
        self._headers = {
            "Authorization": f"Bearer {key}",
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

    def send(self, key: str, path: str, body: dict[str, Any]) -> Sent:
        """The decision, asked for as often as it takes."""
        ends = time.monotonic() + TENANCY_S
        headers = {**self._headers, "Idempotency-Key": key}
        while time.monotonic() < ends:
            try:
                status, answer, replayed = self._ask("POST", path, headers, body)
            except (OSError, http.client.HTTPException):
                status = 0  # killed before it answered
            if status and status != 503 and not _is_to_come_again(status, answer):
                return Sent(key, status, answer, replayed)
            time.sleep(0.05)
        raise AssertionError(f"{key} was not answered in time")

    def _answers(self) -> bool:
        try:
            return self._ask("GET", "/health/live", {})[0] == 200
        except (OSError, http.client.HTTPException):
            return False

    def _ask(
        self, method: str, path: str, headers: dict[str, str], body: Any = None
    ) -> tuple[int, bytes, bool]:
        connection = http.client.HTTPConnection(ports.HOST, self.port, timeout=30)
        try:
            text = None if body is None else json.dumps(body)
            connection.request(method, path, text, headers)
            answer = connection.getresponse()
            replayed = answer.headers["Idempotency-Replayed"] == "true"
            return answer.status, answer.read(), replayed
        finally:
            connection.close()


def _is_to_come_again(status: int, answer: bytes) -> bool:
    return status == 409 and json.loads(answer)["code"] in COME_AGAIN


@pytest.fixture
def web(process_environment: dict[str, str]) -> Iterator[Web]:
    found = Web(process_environment)
    yield found
    found.kill()


def random_request(random: Random, orders: list[str]) -> tuple[str, dict[str, Any]]:
    """New orders, and commands on a few that many clients change at once.

    Some are refused for good: a payment beyond the total, a line that is not there.
    """
    if random.random() < 0.3:
        return keyed.ORDERS, {**keyed.ORDER, "customer_id": f"c-{random.random()}"}
    word, body = random.choice(
        [
            ("add-note", {"text": f"note {random.random()}"}),
            (
                "change-line-quantity",
                {"line_id": 1, "quantity": random.randint(10, 9999)},
            ),
            ("capture-payment", _payment(random, "0.01")),
            ("capture-payment", _payment(random, "99999999.00")),
            ("remove-line", {"line_id": 7}),
        ]
    )
    return f"{keyed.ORDERS}/{random.choice(orders)}/{word}", body


def _payment(random: Random, amount: str) -> dict[str, Any]:
    reference = f"ch-{random.random()}"
    return {"amount": amount, "method": "card", "reference": reference}


def test_it_does_each_request_once_while_the_web_server_is_killed(web, seed):
    random = Random(seed)
    first = [web.send(f"o-{n}", keyed.ORDERS, keyed.ORDER) for n in range(ORDERS)]
    orders = [json.loads(each.body)["order_id"] for each in first]
    requests = [(f"k-{n}", *random_request(random, orders)) for n in range(REQUESTS)]
    sending = requests * TIMES
    random.shuffle(sending)
    kills = 0
    with ThreadPoolExecutor(CLIENTS) as clients:
        futures = [clients.submit(web.send, *each) for each in sending]
        while not all(each.done() for each in futures):
            time.sleep(random.uniform(0.05, 1.5))
            web.kill()
            web.start()
            kills += 1
        sent = [each.result() for each in futures]
    decided = {each.key: each for each in [*first, *sent]}
    assert len(decided) == ORDERS + REQUESTS == KeptAnswer.objects.count()
    for each in sent:
        assert (each.status, each.body) == (
            decided[each.key].status,
            decided[each.key].body,
        )
    assert {each.status for each in decided.values()} <= {200, 201, 409, 422}
    stored = set(Event.objects.values_list("event_id", flat=True))
    told = [UUID(id) for each in decided.values() for id in event_ids(each)]
    assert len(told) == len(set(told))
    assert set(told) == stored
    assert kills > 0
    lost = REQUESTS - sum(not each.replayed for each in sent)
    sys.stdout.write(f"{kills} kills, {lost} first answers were lost on their way\n")


def event_ids(sent: Sent) -> list[str]:
    """Of the events that an answer tells of; none where it is a refusal."""
    return [each["event_id"] for each in json.loads(sent.body).get("events", ())]


def test_it_replays_after_a_restart(web):
    first = web.send("k", keyed.ORDERS, keyed.ORDER)
    assert not first.replayed
    web.kill()
    web.start()
    again = web.send("k", keyed.ORDERS, keyed.ORDER)
    assert again == Sent("k", first.status, first.body, replayed=True)
