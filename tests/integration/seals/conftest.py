"""Sessions of their own, and a superuser who changes what nobody may change."""

from collections.abc import Iterator

import pytest

from tests.integration.eventstore import sessions
from tests.integration.seals.forger import Forger


@pytest.fixture
def open_session(database: None) -> Iterator[sessions.Open]:
    with sessions.opened() as open_one:
        yield open_one


@pytest.fixture
def forger(superuser_url: str, open_session: sessions.Open) -> Forger:
    return Forger(open_session(superuser_url, autocommit=True))
