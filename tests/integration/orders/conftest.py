import pytest

from tests.integration.orders.shop import Shop


@pytest.fixture
def shop(database: None) -> Shop:
    return Shop()
