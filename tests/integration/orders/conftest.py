from typing import Any

import pytest
from drf_spectacular.generators import SchemaGenerator

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
