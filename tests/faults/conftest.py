"""What the fault tests share: their length, their seed, processes to kill."""

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import SystemRandom

import pytest
from pytest_django import DjangoDbBlocker

from tests import cleaning
from tests.faults import nursery, pgbouncer, servers_of_our_own
from tests.faults.pgbouncer import PgBouncer
from tests.faults.servers_of_our_own import OwnServer


@pytest.fixture
def soak_seconds() -> float:
    """CQRS_SOAK_SECONDS: how long the soak lasts; 20 in the ordinary run."""
    return float(os.environ.get("CQRS_SOAK_SECONDS", "20"))


@pytest.fixture
def seed() -> int:
    """CQRS_FAULTS_SEED, else a random one; pytest shows it when the test fails."""
    chosen = int(os.environ.get("CQRS_FAULTS_SEED") or SystemRandom().getrandbits(32))
    sys.stdout.write(f"CQRS_FAULTS_SEED={chosen}\n")
    return chosen


@pytest.fixture
def children(process_environment: dict[str, str]) -> Iterator[nursery.Nursery]:
    """Starts processes on the test databases; all are dead at the end."""
    with nursery.opened(process_environment) as opened:
        yield opened


@pytest.fixture(scope="session")
def servers_folder() -> Iterator[Path]:
    """Passable for the account that PostgreSQL runs under, as tmp_path is not."""
    folder = Path(tempfile.mkdtemp(prefix="cqrs-faults-"))
    folder.chmod(0o755)
    yield folder
    servers_of_our_own.remove(folder)


@pytest.fixture(scope="session")
def lasting_server(
    servers_folder: Path, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[OwnServer]:
    """A server with our tables. It may be crashed; the log in it goes on and on."""
    with django_db_blocker.unblock():
        server = OwnServer(servers_folder, "first")
        try:
            server.manage("migrate", "--verbosity=0")
            yield server
        finally:
            server.stop()


@pytest.fixture
def server(
    lasting_server: OwnServer, django_db_blocker: DjangoDbBlocker
) -> Iterator[OwnServer]:
    """That server, for one test."""
    with django_db_blocker.unblock():
        yield lasting_server


@pytest.fixture(scope="session")
def poolers(
    pristine_database: cleaning.Pristine, servers_folder: Path
) -> Iterator[dict[str, PgBouncer]]:
    """By database alias: PgBouncer in front of the test database, one a server."""
    if pgbouncer.program() is None:
        if os.geteuid() == 0:
            pytest.fail("apt-get install pgbouncer, as .ci/run does")
        pytest.skip("no pgbouncer, and an ordinary user cannot install it")
    log = PgBouncer(servers_folder / "pgbouncer", cleaning.on_test_database())
    read = log
    if "read" in cleaning.aliases():
        read = PgBouncer(servers_folder / "pgbouncer-read", cleaning.read_tables())
    yield {"default": log, "read": read}
    for each in {log, read}:
        each.stop()


@pytest.fixture
def through_pgbouncer(
    database: None, poolers: dict[str, PgBouncer]
) -> Iterator[dict[str, PgBouncer]]:
    """This process and its threads reach their databases through PgBouncer only."""
    with pgbouncer.ours_through(poolers):
        yield poolers


@pytest.fixture
def pooled_environment(
    process_environment: dict[str, str], poolers: dict[str, PgBouncer]
) -> dict[str, str]:
    """As process_environment, with PgBouncer in between."""
    urls = {"DATABASE_URL": poolers["default"].url}
    if "READ_DATABASE_URL" in process_environment:
        urls["READ_DATABASE_URL"] = poolers["read"].url
    return {**process_environment, **urls}
