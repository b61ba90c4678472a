import pytest
from django.test import Client

from tests.integration.console import people


@pytest.fixture
def administrator(database: None) -> Client:
    return people.member("Administrator")


@pytest.fixture
def viewer(database: None) -> Client:
    return people.member("Viewer")
