"""Fixtures for every test: the databases as they are in use, and clean."""

import os
from collections.abc import Iterator

import pytest
from django.test import utils
from pytest_django import DjangoDbBlocker

from tests import cleaning, servers


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None,
    django_db_blocker: DjangoDbBlocker,
    django_db_modify_db_settings: None,
) -> Iterator[None]:
    """The test databases behind the aliases, which may be one or two; pytest-django
    itself looks at its marks only.
    """
    with django_db_blocker.unblock():
        made = utils.setup_databases(
            verbosity=0, interactive=False, serialized_aliases=set()
        )
    yield
    with django_db_blocker.unblock():
        cleaning.close_connections()
        # A server of our own goes as a whole.
        foreign = [each for each in made if not servers.SERVERS.owns(each[0].alias)]
        utils.teardown_databases(foreign, verbosity=0)


@pytest.fixture(scope="session")
def pristine_database(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> cleaning.Pristine:
    """The test database as the migrations left it."""
    with django_db_blocker.unblock():
        return cleaning.remember()


@pytest.fixture
def database(
    pristine_database: cleaning.Pristine, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """Both databases and Redis, empty but for what migrations made.

    Commits are real, several threads may connect; each closes its own connections.
    """
    with django_db_blocker.unblock():
        cleaning.clean(pristine_database)
        yield
        cleaning.close_connections()


@pytest.fixture
def process_environment(database: None) -> dict[str, str]:
    """The environment for processes of our own (web, worker) on the test databases."""
    urls = {"DATABASE_URL": cleaning.on_test_database()}
    if servers.SERVERS.read_database_url:
        urls["READ_DATABASE_URL"] = cleaning.read_tables()
    return {**os.environ, **urls}


@pytest.fixture
def superuser_url(database: None) -> str:
    """The test database as PostgreSQL's superuser; skips on a foreign server."""
    if not servers.SERVERS.superuser_url:
        pytest.skip("DATABASE_URL names a server whose superuser is not known")
    return cleaning.on_test_database(servers.SERVERS.superuser_url)


@pytest.fixture
def read_superuser_url(database: None) -> str:
    """As superuser_url, of the database that has the read tables."""
    own = servers.SERVERS
    url = own.read_superuser_url if own.read_database_url else own.superuser_url
    if not url:
        pytest.skip("READ_DATABASE_URL names a server whose superuser is not known")
    return cleaning.on_test_database(url)
