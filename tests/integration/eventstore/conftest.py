"""Sessions of their own for the tests of the log."""

from collections.abc import Iterator

import pytest

from tests.integration.eventstore import sessions


@pytest.fixture
def open_session(database: None) -> Iterator[sessions.Open]:
    """Opens database sessions on the test database; autocommit=False by default."""
    with sessions.opened() as open_one:
        yield open_one


@pytest.fixture
def watcher(open_session: sessions.Open) -> sessions.Session:
    """A session that commits every statement, to look and to append at once."""
    return open_session(autocommit=True)
