"""A web process does not wait again and again for a database server that is away."""

import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import OperationalError, connections

from cqrs_site.postgres_engine import base
from eventstore.breaker import Breaker


@pytest.fixture
def breaking(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "_breakers", {})


def connection_to(port: int, **options: Any) -> Any:
    """To a server that is not there, whatever the tests' own is."""
    made = connections["default"].copy()
    made.settings_dict = {
        **made.settings_dict,
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "OPTIONS": {"connect_timeout": 2},
        **options,
    }
    return made


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """Takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        yield server


def seconds_to_fail(connection: Any) -> float:
    began = time.monotonic()
    with pytest.raises(OperationalError):
        connection.ensure_connection()
    return time.monotonic() - began


@pytest.mark.usefixtures("breaking", "database")
def test_it_does_not_wait_again_for_a_server_that_hangs(silent: socket.socket) -> None:
    port = silent.getsockname()[1]
    first, second = connection_to(port), connection_to(port)
    assert seconds_to_fail(first) > 1
    assert seconds_to_fail(second) < 0.5


@pytest.mark.usefixtures("database")
def test_it_tries_every_time_in_other_processes(silent: socket.socket) -> None:
    port = silent.getsockname()[1]
    assert seconds_to_fail(connection_to(port)) > 1
    assert seconds_to_fail(connection_to(port)) > 1


@pytest.mark.usefixtures("database")
def test_it_connects_again_when_the_server_is_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broken = Breaker(rest_s=0.2, trial_s=5)
    broken.failed()
    connection = connections["default"].copy()
    parameters = connection.get_connection_params()
    server = parameters.get("host"), parameters.get("port")
    monkeypatch.setattr(base, "_breakers", {server: broken})
    assert seconds_to_fail(connection) < 0.2
    time.sleep(0.2)
    connection.ensure_connection()
    connection.close()
    connection.ensure_connection()
    connection.close()


@pytest.mark.usefixtures("breaking", "database")
def test_it_tries_again_at_once_where_the_server_itself_refuses() -> None:
    connection = connections["default"].copy()
    connection.settings_dict = {**connection.settings_dict, "NAME": "there-is-none"}
    seconds_to_fail(connection)
    other = connections["default"].copy()
    other.ensure_connection()
    other.close()
