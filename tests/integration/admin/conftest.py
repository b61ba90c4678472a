import pytest
from django.contrib.auth.models import User
from django.test import Client

from eventstore import store
from eventstore.store import StreamAppend
from tests.integration.eventstore.notes import note

STREAMS = 1500


@pytest.fixture
def admin(database: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("ada", password="x"))
    return client


@pytest.fixture
def long_log(database: None) -> list[str]:
    """The names of 1,500 streams of two events each."""
    names = [f"order-00000000-0000-4000-8000-{number:012}" for number in range(STREAMS)]
    store.append_many([StreamAppend(name, 0, [note(), note("b")]) for name in names])
    return names
