"""Writers and readers of the same orders at once: no version goes back."""

import http.client
import json
import os
import random
import subprocess
import threading
import time
from collections import Counter

import pytest

from api import keys
from cqrs_site.embedded import ports
from cqrs_site.up import programs
from orders.order_cache import copies
from tests.integration.eventstore import sessions
from tests.integration.orders import shop
from tests.integration.orders.reading import ORDERS

WRITERS, READERS, SHARED = 8, 8, 5
SECONDS = 15


class Clients:
    """All of them, with what each has seen."""

    def __init__(self, port: int) -> None:
        self.port = port
        key = keys.create(name="clients", scopes=("orders:read", "orders:write")).key
        self._headers = {
            "Authorization": f"Bearer {key}",
            "Content-Type": "application/json",
        }
        self.results: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.orders: list[str] = []

    def ask(self, method, path, body=None, **headers):
        connection = http.client.HTTPConnection(ports.HOST, self.port, timeout=30)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            sent = json.dumps(body) if body is not None else None
            connection.request(method, path, sent, {**self._headers, **named})
            answer = connection.getresponse()
            content = answer.read()
            return answer, json.loads(content) if content else None
        finally:
            connection.close()

    def serves(self) -> bool:
        try:
            return self.ask("GET", "/health/live")[0].status == 200
        except OSError:
            return False

    def write(self, ends: float) -> None:
        """Changes an order, and reads it with the token of that change."""
        while time.monotonic() < ends:
            order_id = random.choice(self.orders)
            answer, changed = self.ask(
                "POST", f"{shop.ORDERS}/{order_id}/add-note", {"text": "a"}
            )
            if answer.status != 200:
                self.results[str(answer.status)] += 1
                continue
            token = answer.headers["Consistency-Token"]
            answer, read = self.ask(
                "GET", f"{ORDERS}/{order_id}", Consistency_Token=token, Prefer="wait=20"
            )
            if answer.status != 200 or read["version"] < changed["version"]:
                self.wrong.append(f"{answer.status} {read} after {changed}")
            self.results[f"with token: {answer.headers['X-Cache']}"] += 1

    def read(self, ends: float) -> None:
        """Reads orders over and over, each from its last version on."""
        seen: dict[str, int] = {}
        while time.monotonic() < ends:
            order_id = random.choice(self.orders)
            answer, read = self.ask("GET", f"{ORDERS}/{order_id}")
            if answer.status != 200 or read["version"] < seen.get(order_id, 0):
                self.wrong.append(f"{answer.status} {read} after {seen}")
                continue
            seen[order_id] = read["version"]
            self.results[answer.headers["X-Cache"]] += 1


@pytest.fixture
def clients(process_environment):
    port = ports.fresh()
    with subprocess.Popen(
        programs.web(port), env=process_environment, stderr=subprocess.DEVNULL
    ) as process:
        found = Clients(port)
        sessions.wait_until(found.serves, seconds=30)
        yield found
        process.terminate()


def test_no_reader_sees_a_version_go_back(clients, children):
    for _ in range(2):
        children.start("follower")
    for _ in range(SHARED):
        answer, placed = clients.ask("POST", shop.ORDERS, shop.order())
        token = answer.headers["Consistency-Token"]
        clients.orders.append(placed["order_id"])
        path = f"{ORDERS}/{placed['order_id']}"
        clients.ask("GET", path, Consistency_Token=token, Prefer="wait=20")
    ends = time.monotonic() + float(os.environ.get("CQRS_SOAK_SECONDS", SECONDS))
    run = [clients.write] * WRITERS + [clients.read] * READERS
    threads = [threading.Thread(target=each, args=[ends]) for each in run]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert not clients.wrong, clients.wrong[:3]
    assert clients.results["hit"] > 100, clients.results
    assert clients.results["with token: hit"] + clients.results["with token: miss"] > 50
    assert copies.counts()["hit"] >= clients.results["hit"]
