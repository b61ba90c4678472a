from collections.abc import Iterator
from typing import Any

import pytest
from drf_spectacular.generators import SchemaGenerator

from eventstore import redis_client
from tests.integration.orders.reading import Reader
from tests.integration.orders.shop import Shop


@pytest.fixture
def shop(database: None) -> Shop:
    return Shop()


@pytest.fixture
def reader(database: None) -> Reader:
    return Reader()


@pytest.fixture(scope="module")
def document() -> Any:
    """The OpenAPI document."""
    return SchemaGenerator().get_schema(request=None, public=True)


@pytest.fixture
def patient_redis(database: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A busy machine may need more than 50 ms; what is tested is not that."""
    monkeypatch.setattr(redis_client, "TIMEOUT_S", 5.0)
    redis_client.forget_shared()
    yield
    redis_client.forget_shared()
