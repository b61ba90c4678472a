import pytest
from django.test import Client

from tests.integration.console import people
from tests.integration.operators.conftest import holding
from tests.integration.projections.conftest import no_memory_of_other_tests

__all__ = ["holding", "no_memory_of_other_tests"]


@pytest.fixture
def administrator(database: None) -> Client:
    return people.member("Administrator")


@pytest.fixture
def operator(database: None) -> Client:
    return people.member("Operator")


@pytest.fixture
def viewer(database: None) -> Client:
    return people.member("Viewer")
