"""200 clients that wait for a paused projection: everybody else is served as before."""

import http.client
import os
import subprocess
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from api import keys
from cqrs_site.embedded import ports
from cqrs_site.up import programs
from projections import actors, control, waiting
from tests import cleaning
from tests.integration.eventstore import sessions
from tests.integration.orders.reading import ORDERS, project
from tests.integration.orders.shop import Shop

CLIENTS, OTHERS, READS = 200, 4, 50
WAIT_S = 20
DATABASES = 2  # the aliases, whether or not they lead to one server
PROCESSES = min(2, os.cpu_count() or 1)
NAME = "web-under-test"
COUNT = "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s"


class Web:
    def __init__(self, port: int) -> None:
        self.port = port
        key = keys.create(name="clients", scopes=("orders:read",)).key
        self._headers = {"Authorization": f"Bearer {key}"}

    def get(self, path: str, **headers: str) -> http.client.HTTPResponse:
        """The answer, its body read."""
        connection = http.client.HTTPConnection(ports.HOST, self.port, timeout=60)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request("GET", path, headers={**self._headers, **named})
            answer = connection.getresponse()
            answer.read()
            return answer
        finally:
            connection.close()

    def serves(self) -> bool:
        try:
            return self.get("/health/live").status == 200
        except OSError:
            return False

    def read(self, path: str) -> None:
        """Reads again and again by several clients, all of which are answered."""
        with ThreadPoolExecutor(OTHERS) as clients:
            answers = clients.map(self.get, [path] * OTHERS * READS)
            assert {each.status for each in answers} == {200}


@pytest.fixture
def web(process_environment):
    environment = {**process_environment, "PGAPPNAME": NAME}
    port = ports.fresh()
    with subprocess.Popen(
        programs.web(port), env=environment, stderr=subprocess.DEVNULL
    ) as process:
        found = Web(port)
        sessions.wait_until(found.serves, seconds=30)
        yield found
        process.terminate()


def test_it_serves_others_while_clients_wait_for_a_paused_projection(web, settings):
    shop = Shop()
    order_id = shop.place()
    project()
    control.pause("order_detail", actor=actors.program("tests"), reason="tests")
    token = shop.change(order_id, "confirm")["Consistency-Token"]
    path = f"{ORDERS}/{order_id}"
    headers = {"Consistency-Token": token, "Prefer": f"wait={WAIT_S}"}
    with ThreadPoolExecutor(CLIENTS) as pool:
        asked = [pool.submit(web.get, path, **headers) for _ in range(CLIENTS)]
        places = waiting.places() * PROCESSES
        sessions.wait_until(
            lambda: sum(each.done() for each in asked) >= CLIENTS - places
        )
        told = [each.result() for each in asked if each.done()]
        web.read(path)
        assert sum(not each.done() for each in asked) == places
        with sessions.opened() as open_session:
            held = open_session(cleaning.read_tables()).value(COUNT, [NAME])
        # Those of the threads that serve, and of one a process that looks.
        serving = settings.CQRS.command_side.event_store.connection_pool_size
        serving -= waiting.places()
        assert held <= PROCESSES * (serving * DATABASES + 1)
        control.resume("order_detail", actor=actors.program("tests"), reason="tests")
        project()
        statuses = Counter(each.result().status for each in asked)
    assert statuses == {503: CLIENTS - places, 200: places}
    assert all(int(each.headers["Retry-After"]) >= 1 for each in told)
