import pytest

from tests.integration.orders.reading import Reader
from tests.integration.orders.shop import Shop


@pytest.fixture
def shop(database: None) -> Shop:
    return Shop()


@pytest.fixture
def reader(database: None) -> Reader:
    return Reader()
