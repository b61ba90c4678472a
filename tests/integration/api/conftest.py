import pytest
from django.test import Client

from api import keys


@pytest.fixture
def key(database: None) -> keys.CreatedKey:
    return keys.create(name="reader", scopes=["orders:read"])


@pytest.fixture
def client(key: keys.CreatedKey) -> Client:
    """A client whose key may read."""
    bearer = f"Bearer {key.key}"
    return Client(headers={"Authorization": bearer}, raise_request_exception=False)
