"""PostgreSQL or Redis is away: what is cached is served, and nobody waits."""

import http.client
import json
import os
import subprocess
import time
from contextlib import contextmanager
from signal import SIGQUIT
from typing import Any
from uuid import uuid4

import pytest

from cqrs_site.embedded import ports
from cqrs_site.embedded import redis as embedded_redis
from cqrs_site.up import programs
from tests.faults import nursery
from tests.faults.servers_of_our_own import OwnServer
from tests.integration.eventstore import sessions
from tests.integration.orders import shop
from tests.integration.orders.reading import ORDERS

SCOPES = ("--scope=orders:read", "--scope=orders:write")
# What is promised: nobody waits for what is away. Seconds.
AT_ONCE_S = 1.0


class Site:
    """A web process and a follower on servers that may be stopped."""

    def __init__(self, server: OwnServer, redis_folder: Any) -> None:
        self.server, self.redis_folder = server, redis_folder
        self.port = ports.fresh()
        self.key = self.new_key()

    def new_key(self) -> str:
        made = self.server.manage(
            "api_key", "create", f"clients {uuid4()}", *SCOPES, "--json"
        )
        found: str = json.loads(made)["key"]
        return found

    def stop_redis(self) -> None:
        embedded_redis.stop(self.redis_folder)

    def start_redis(self) -> str:
        log = self.redis_folder.with_suffix(".log")
        return embedded_redis.start(self.redis_folder, log=log).url

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """The answer, with its body as `json` and how long it took as `seconds`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        named = {"Authorization": f"Bearer {self.key}", **named}
        connection = http.client.HTTPConnection(ports.HOST, self.port, timeout=30)
        began = time.monotonic()
        try:
            sent = json.dumps(body) if body is not None else None
            connection.request(
                method, path, sent, {"Content-Type": "application/json", **named}
            )
            answer: Any = connection.getresponse()
            content = answer.read()
            answer.json = json.loads(content) if content else None
            answer.seconds = time.monotonic() - began
            return answer
        finally:
            connection.close()

    def order(self, order_id: str, **headers: str) -> Any:
        return self.ask("GET", f"{ORDERS}/{order_id}", **headers)

    def place(self) -> tuple[str, str]:
        """The id of an order, and the token of its placing."""
        answer = self.ask("POST", shop.ORDERS, shop.order())
        assert answer.status == 201, answer.json
        return answer.json["order_id"], answer.headers["Consistency-Token"]

    def is_cached(self, order_id: str, token: str) -> bool:
        answer = self.order(order_id, Consistency_Token=token)
        return answer.headers["X-Cache"] == "hit"

    def serves(self) -> bool:
        try:
            return self.ask("GET", "/health/live").status == 200
        except OSError:
            return False


@pytest.fixture
def site(servers_folder, database):
    server = OwnServer(servers_folder, f"cache-{uuid4().hex[:8]}")
    folder = servers_folder / f"{server.alias}-redis"
    try:
        server.manage("migrate", "--verbosity=0")
        opened = Site(server, folder)
        environment = {
            **os.environ,
            "DATABASE_URL": server.url,
            "READ_DATABASE_URL": "",
            "REDIS_URL": opened.start_redis(),
        }
        with nursery.opened(environment) as children, _web(opened.port, environment):
            children.start("follower")
            sessions.wait_until(opened.serves, seconds=30)
            yield opened
    finally:
        embedded_redis.stop(folder)
        server.stop()


def test_it_serves_what_it_last_knew_while_postgresql_is_away(site):
    order_id, token = site.place()
    sessions.wait_until(lambda: site.is_cached(order_id, token))
    uncached = str(uuid4())
    before = site.order(order_id)
    changed = site.ask("POST", f"{shop.ORDERS}/{order_id}/confirm", {})
    newer = changed.headers["Consistency-Token"]
    sessions.wait_until(lambda: site.is_cached(order_id, newer))
    revoked, stranger, used = site.new_key(), site.new_key(), site.key
    site.key = revoked
    assert site.order(order_id).status == 200
    site.server.manage("shell", "-c", _REVOKE.format(revoked.split("_")[1]))
    assert site.order(order_id).status == 401
    site.key = used
    site.server.crash(SIGQUIT)
    try:
        for _ in range(20):
            stale = site.order(order_id)
            assert stale.status == 200
            assert stale.headers["X-Cache"] == "stale"
            assert stale.headers["Warning"] == '110 - "Response is Stale"'
            assert stale.json["version"] == 2
            positions = [int(each.headers["Read-Position"]) for each in (before, stale)]
            assert positions[0] < positions[1] == changed.json["position"]
            assert stale.seconds < AT_ONCE_S
        known = site.order(order_id, If_None_Match='"2"')
        assert (known.status, known.headers["X-Cache"]) == (304, "stale")
        assert site.order(order_id, Consistency_Token=newer).status == 200
        for path in (f"{ORDERS}/{uncached}", ORDERS, f"{ORDERS}/{order_id}/events"):
            refused = site.ask("GET", path)
            assert (refused.status, refused.json["code"]) == _AWAY
            assert refused.seconds < AT_ONCE_S
        refused = site.ask("POST", shop.ORDERS, shop.order())
        assert (refused.status, refused.json["code"]) == _AWAY
        for site.key in (revoked, stranger, "cqrs_x"):
            assert site.order(order_id).status in {401, 503}
    finally:
        site.key = used
        site.server.start()
    sessions.wait_until(lambda: site.order(order_id).headers["X-Cache"] == "hit")
    other, token = site.place()
    sessions.wait_until(lambda: site.is_cached(other, token))
    assert site.order(order_id).headers["Warning"] is None


def test_it_does_not_serve_what_is_older_than_a_token_names(site):
    order_id, token = site.place()
    sessions.wait_until(lambda: site.is_cached(order_id, token))
    other, later = site.place()
    sessions.wait_until(lambda: site.is_cached(other, later))
    site.server.crash(SIGQUIT)
    try:
        assert site.order(order_id, Consistency_Token=token).status == 200
        refused = site.order(order_id, Consistency_Token=later)
        assert (refused.status, refused.json["code"]) == _AWAY
        assert site.order(other, Consistency_Token=token).status == 200
        forged = site.order(order_id, Consistency_Token="x")
        assert forged.json["code"] == "bad-consistency-token"
    finally:
        site.server.start()


def test_it_answers_from_postgresql_at_once_while_redis_is_away(site):
    order_id, token = site.place()
    sessions.wait_until(lambda: site.is_cached(order_id, token))
    site.stop_redis()
    for version in range(2, 12):
        changed = site.ask(
            "POST", f"{shop.ORDERS}/{order_id}/add-note", {"text": "while it is away"}
        )
        assert changed.status == 200
        assert changed.seconds < AT_ONCE_S
        answer = site.order(
            order_id,
            Consistency_Token=changed.headers["Consistency-Token"],
            Prefer="wait=10",
        )
        assert (answer.status, answer.headers["X-Cache"]) == (200, "miss")
        assert answer.json["version"] == version
        again = site.order(order_id)
        assert (again.json["version"], again.headers["X-Cache"]) == (version, "miss")
        assert again.seconds < AT_ONCE_S
    site.start_redis()
    sessions.wait_until(lambda: site.order(order_id).headers["X-Cache"] == "hit")
    assert site.order(order_id).json["version"] == 11


_AWAY = (503, "database-unavailable")
_REVOKE = """
from api import keys, models
keys.revoke(models.ApiKey.objects.get(prefix="{}").name)
"""


@contextmanager
def _web(port: int, environment: dict[str, str]):
    command = programs.web(port)
    # What a process remembers of keys is its own.
    command = [c if not c.startswith("--workers=") else "--workers=1" for c in command]
    with subprocess.Popen(
        command, env=environment, stderr=subprocess.DEVNULL
    ) as process:
        yield
        process.terminate()
