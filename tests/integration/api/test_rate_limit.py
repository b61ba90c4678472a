"""Requests of one caller are counted, and those beyond the limit get 429."""

import socket
import time

import pytest
import redis
from django.contrib.auth.models import User
from django.test import Client

from api import keys
from cqrs_site import configuration
from eventstore import redis_client
from tests import servers
from tests.integration.eventstore.test_wakeup import connections_to

pytestmark = [
    pytest.mark.usefixtures("patient_redis"),
    pytest.mark.urls("tests.integration.api.site"),
]
HOUR = 3600


@pytest.fixture
def limit(settings):
    """Call it to set the limit."""

    def set_limit(requests: int, window_s: int = HOUR) -> None:
        settings.CQRS = configuration.load(
            str(settings.BASE_DIR / "cqrs.yaml"),
            environ={
                "CQRS__API__RATE_LIMIT__REQUESTS": str(requests),
                "CQRS__API__RATE_LIMIT__WINDOW_S": str(window_s),
            },
        )

    return set_limit


def statuses(client: Client, count: int) -> list[int]:
    return [client.get("/api/echo").status_code for _ in range(count)]


def other_key() -> Client:
    key = keys.create(name="other", scopes=["orders:read"]).key
    return Client(headers={"Authorization": f"Bearer {key}"})


def test_it_answers_429_beyond_the_limit_and_says_when_to_come_again(client, limit):
    limit(3)
    assert statuses(client, 3) == [200, 200, 200]
    refused = client.get("/api/echo")
    assert (refused.status_code, refused.json()["code"]) == (429, "rate-limited")
    assert refused["Content-Type"] == "application/problem+json"
    # One request comes back every 1,200 s.
    wait = int(refused["Retry-After"])
    assert 1190 <= wait <= 1200
    assert refused["RateLimit"] == f'"default";r=0;t={wait}'
    assert refused["RateLimit-Policy"] == '"default";q=3;w=3600'


def test_it_tells_a_known_caller_with_every_answer_what_is_left(client, limit):
    limit(10)
    for left, path, status in (
        (9, "/api/echo", 200),
        (8, "/api/undeclared", 403),
        (7, "/api/away", 503),
        (6, "/api/broken", 500),
    ):
        answer = client.get(path)
        assert answer.status_code == status
        assert answer["RateLimit-Policy"] == '"default";q=10;w=3600'
        start, _, seconds = answer["RateLimit"].rpartition("=")
        assert start == f'"default";r={left};t'
        assert (10 - left) * 360 - 10 <= int(seconds) <= (10 - left) * 360


def test_it_tells_strangers_nothing(database, limit):
    limit(3)
    stranger = Client(headers={"Authorization": "Bearer wrong"})
    for asked in (stranger, Client()):
        answer = asked.get("/api/echo")
        assert answer.status_code == 401
        assert not {"RateLimit", "RateLimit-Policy"} & set(answer.headers)


def test_it_counts_what_a_key_lacks_the_scope_for(client, limit):
    limit(2)
    asked = [client.get("/api/undeclared").status_code for _ in range(3)]
    assert asked == [403, 403, 429]


def test_it_leaves_other_keys_alone(client, limit):
    limit(1)
    assert statuses(client, 2) == [200, 429]
    assert statuses(other_key(), 2) == [200, 429]


def test_it_counts_each_signed_in_user(client, limit):
    limit(1)
    assert statuses(client, 2) == [200, 429]
    for name in ("ada", "eve"):
        signed_in = Client()
        signed_in.force_login(User.objects.create_user(name, is_staff=True))
        assert statuses(signed_in, 2) == [200, 429]


def test_it_takes_requests_again_as_time_passes(client, limit):
    limit(4, window_s=2)
    asked = statuses(client, 4)
    while 429 not in asked:  # a slow machine may take more than 0.5 s for four
        asked += statuses(client, 1)
    time.sleep(0.6)
    assert client.get("/api/echo").status_code == 200
    time.sleep(2.1)
    assert client.get("/api/echo")["RateLimit"] == '"default";r=3;t=1'


def test_it_counts_nothing_for_what_it_refuses(client, limit):
    limit(1, window_s=2)
    assert statuses(client, 1) == [200]
    ends = time.monotonic() + 10
    while statuses(client, 1) != [200]:  # it never stops asking
        assert time.monotonic() < ends


def test_it_leaves_nothing_in_redis_once_a_caller_has_all_again(client, limit):
    limit(10, window_s=2)
    client.get("/api/echo")
    with redis_client.connect(timeout_s=5) as server:
        (counted,) = server.keys("cqrs:quota:*")
        assert 0 < server.pttl(counted) <= 200


def test_it_locks_nobody_out_after_a_clock_was_set_back(client, key, limit):
    limit(2, window_s=2)
    counted = f"cqrs:quota:key:{key.key.split('_')[1]}"
    with redis_client.connect(timeout_s=5) as server:
        server.set(counted, (int(time.time()) + 86_400) * 1_000_000)
    assert int(client.get("/api/echo")["Retry-After"]) <= 1


def test_it_counts_nothing_where_the_limit_is_0(client, limit):
    limit(0)
    answer = client.get("/api/echo")
    assert answer.status_code == 200
    assert not {"RateLimit", "RateLimit-Policy"} & set(answer.headers)


def test_it_lets_everybody_in_while_redis_hangs_and_waits_for_it_once(
    client, limit, silent_redis: socket.socket, monkeypatch
):
    limit(1)
    monkeypatch.setattr(redis_client, "TIMEOUT_S", 0.05)
    # However slow this machine is: nobody tries again while this test runs.
    monkeypatch.setattr(
        redis_client, "_breaker", redis_client.Breaker(rest_s=60, trial_s=60)
    )
    assert statuses(client, 20) == [200] * 20
    assert connections_to(silent_redis) == 1
    answer = client.get("/api/echo")
    assert "RateLimit" not in answer.headers
    assert answer["RateLimit-Policy"] == '"default";q=1;w=3600'


def test_it_lets_everybody_in_while_redis_can_store_nothing(client, limit):
    if "redis" not in servers.SERVERS.own:
        pytest.skip("REDIS_URL names a server that others use, too")
    limit(1)
    with redis_client.connect(timeout_s=5) as server:
        before = server.config_get("maxmemory")["maxmemory"]
        try:
            server.config_set("maxmemory", 1)
            with pytest.raises(redis.OutOfMemoryError):
                server.set("full", 1)
            assert statuses(client, 3) == [200] * 3
        finally:
            server.config_set("maxmemory", before)
