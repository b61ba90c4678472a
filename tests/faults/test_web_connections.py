"""connection_pool_size: a web process never has more connections to a database."""

import http.client
import json
import os
import subprocess
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from api import keys
from cqrs_site import configuration
from cqrs_site.embedded import ports
from cqrs_site.up import programs
from tests import cleaning
from tests.integration.eventstore import sessions
from tests.integration.orders import shop

SIZE, CLIENTS = 3, 16
PROCESSES = min(2, os.cpu_count() or 1)
DATABASES = 2  # the aliases, whether or not they lead to one server
THREADS_END_AFTER_S = 5  # the least that the web server allows
NAME = "web-under-test"
COUNT = "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s"


class Web:
    """A web server with SIZE threads a process, and clients that keep it busy."""

    def __init__(self, port: int) -> None:
        self.port = port
        key = keys.create(name="clients", scopes=("orders:read", "orders:write")).key
        self._headers = {
            "Authorization": f"Bearer {key}",
            "Content-Type": "application/json",
        }

    def load(self, *, seconds: float, watch=lambda: None) -> Counter[int]:
        """Answers by status; `watch` is called all the time meanwhile."""
        ends = time.monotonic() + seconds
        with ThreadPoolExecutor(CLIENTS) as clients:
            asked = [clients.submit(self._ask_until, ends) for _ in range(CLIENTS)]
            while time.monotonic() < ends:
                watch()
                time.sleep(0.02)
            return sum((each.result() for each in asked), Counter())

    def answers(self) -> bool:
        try:
            return self._ask("GET", "/health/live") == 200
        except OSError:
            return False

    def _ask_until(self, ends: float) -> Counter[int]:
        found: Counter[int] = Counter()
        body = json.dumps(shop.order())
        while time.monotonic() < ends:
            found[self._ask("POST", shop.ORDERS, body)] += 1
            found[self._ask("GET", "/api/v1/queries/orders?limit=1")] += 1
        return found

    def _ask(self, method: str, path: str, body: str | None = None) -> int:
        connection = http.client.HTTPConnection(ports.HOST, self.port, timeout=30)
        try:
            connection.request(method, path, body, self._headers)
            answer = connection.getresponse()
            answer.read()
            assert answer.status != 503 or answer.headers["Retry-After"]
            return answer.status
        finally:
            connection.close()


@pytest.fixture
def web(process_environment, settings):
    size = {"CQRS__COMMAND_SIDE__EVENT_STORE__CONNECTION_POOL_SIZE": str(SIZE)}
    file = str(settings.BASE_DIR / "cqrs.yaml")
    settings.CQRS = configuration.load(file, environ=size)
    environment = {
        **process_environment,
        **size,
        "PGAPPNAME": NAME,
        "GRANIAN_BLOCKING_THREADS_IDLE_TIMEOUT": str(THREADS_END_AFTER_S),
    }
    port = ports.fresh()
    with subprocess.Popen(
        programs.web(port), env=environment, stderr=subprocess.DEVNULL
    ) as process:
        found = Web(port)
        sessions.wait_until(found.answers, seconds=30)
        yield found
        process.terminate()


@pytest.fixture
def count(database):
    """How many connections the web server has, to both databases."""
    with sessions.opened() as open_session:
        urls = {cleaning.on_test_database(), cleaning.read_tables()}
        watchers = [open_session(url, autocommit=True) for url in urls]
        yield lambda: sum(each.value(COUNT, [NAME]) for each in watchers)


def test_it_has_no_more_connections_than_configured(web, count):
    """Also when threads have ended, with connections, and others have come."""
    counts = []
    for _ in range(2):
        statuses = web.load(seconds=2, watch=lambda: counts.append(count()))
        assert set(statuses) == {200, 201}
        time.sleep(THREADS_END_AFTER_S + 2)
    assert PROCESSES * SIZE < max(counts) <= PROCESSES * SIZE * DATABASES
    assert count() < PROCESSES * SIZE


def test_it_answers_503_while_the_server_has_no_connection_left(web):
    before = web.load(seconds=0.5)
    with _no_new_connection():
        time.sleep(THREADS_END_AFTER_S + 2)  # those that it has end
        without = web.load(seconds=1)
    after = web.load(seconds=1)
    assert set(before) == set(after) == {200, 201}
    assert without[503]
    assert set(without) <= {200, 201, 503}


@contextmanager
def _no_new_connection():
    with sessions.opened() as open_session:
        owner = open_session(autocommit=True)
        name = owner.info.dbname
        owner.execute(f'ALTER DATABASE "{name}" CONNECTION LIMIT 0')
        try:
            yield
        finally:
            owner.execute(f'ALTER DATABASE "{name}" CONNECTION LIMIT -1')
