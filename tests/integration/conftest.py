import socket
from collections.abc import Iterator

import pytest

from eventstore import redis_client


@pytest.fixture
def patient_redis(database: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A busy machine may need more than 50 ms; what is tested is not that."""
    monkeypatch.setattr(redis_client, "TIMEOUT_S", 5.0)
    redis_client.forget_shared()
    yield
    redis_client.forget_shared()


@pytest.fixture
def silent_redis(settings: object) -> Iterator[socket.socket]:
    """Takes connections and never says a word, as a stopped process does."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        settings.REDIS_URL = f"redis://127.0.0.1:{server.getsockname()[1]}/0"  # type: ignore[attr-defined]
        redis_client.forget_shared()
        yield server
    redis_client.forget_shared()
