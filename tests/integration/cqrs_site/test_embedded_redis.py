import os
import signal
import socket

import pytest
import redis as client

from cqrs_site.embedded import ports, processes, redis


@pytest.fixture
def place(tmp_path):
    folder = tmp_path / 'a "quoted" folder'
    folder.mkdir()
    yield folder
    redis.stop(folder / "redis")


def _start(place) -> redis.Server:
    return redis.start(place / "redis", log=place / "redis.log")


def test_it_answers_to_its_password_only(place):
    server = _start(place)
    with client.Redis.from_url(server.url) as allowed:
        assert allowed.ping()
    bare = server.url.replace(server.url[8 : server.url.index("@") + 1], "")
    with (
        client.Redis.from_url(bare) as refused,
        pytest.raises(client.AuthenticationError),
    ):
        refused.ping()


def test_it_refuses_writes_rather_than_forget(place):
    with client.Redis.from_url(_start(place).url) as link:
        assert link.config_get("maxmemory") == {"maxmemory": str(1536 * 1024 * 1024)}
        assert link.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_it_takes_over_a_server_that_runs(place):
    first = _start(place)
    second = _start(place)
    assert second.adopted
    assert (second.pid, second.url) == (first.pid, first.url)


def test_it_starts_at_the_same_address_after_it_was_killed(place):
    first = _start(place)
    os.kill(first.pid, signal.SIGKILL)
    assert processes.is_gone(first.pid, within=5)
    second = _start(place)
    assert not second.adopted
    assert second.url == first.url


def test_it_moves_to_another_port_when_its_own_is_taken(place):
    first = _start(place)
    redis.stop(place / "redis")
    port = int((place / "redis" / "port").read_text())
    with socket.create_server((ports.HOST, port)):
        assert not redis.is_running(place / "redis")
        second = _start(place)
    assert second.url != first.url


def test_it_ends_its_server_and_is_content_with_none(place):
    server = _start(place)
    redis.stop(place / "redis")
    assert processes.identity(server.pid) is None
    redis.stop(place / "redis")
