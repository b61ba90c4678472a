import os
import signal
import socket
from pathlib import Path

import psycopg
import pytest

from cqrs_site.embedded import account, ports, postgres, postmaster, processes
from cqrs_site.embedded.errors import EmbeddedServerError

FAST = {"fsync": "off", "shared_buffers": "16MB"}


@pytest.fixture
def place(tmp_path):
    """A folder below one that only its owner may enter, with a space in its name."""
    closed = tmp_path / "only mine"
    closed.mkdir(mode=0o700)
    (closed / "local").mkdir()
    yield closed / "local"
    postgres.stop(closed / "local" / "postgres")


def _start(place: Path) -> postgres.Server:
    return postgres.start(place / "postgres", log=place / "postgres.log", settings=FAST)


def _value(url: str, query: str) -> object:
    with psycopg.connect(url) as link:
        row = link.execute(query).fetchone()
        return row[0] if row else None


def _permissions(path: Path) -> dict[Path, tuple[int, int, int]]:
    found = {}
    for folder in [path, *path.parents]:
        status = folder.stat()
        found[folder] = (status.st_mode, status.st_uid, status.st_gid)
    return found


def test_it_changes_no_permission_or_owner_above_its_data(place):
    programs = postgres.binary("postgres")
    before = _permissions(place), _permissions(programs)
    server = _start(place)
    assert _value(server.url, "SELECT 1") == 1
    postgres.stop(place / "postgres")
    assert (_permissions(place), _permissions(programs)) == before


def test_it_makes_a_role_without_rights_beyond_its_database(place):
    server = _start(place)
    rights = "SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication"
    assert _value(server.url, f"{rights} FROM pg_roles WHERE rolname = user") is False
    owner = "SELECT datdba::regrole::text FROM pg_database WHERE datname = 'orders'"
    assert _value(server.url, owner) == "orders"
    assert _value(server.url, "SHOW server_encoding") == "UTF8"
    assert _value(server.url, "SHOW data_checksums") == "on"
    assert _value(server.url, "SHOW synchronous_commit") == "on"
    assert _value(server.url, "SELECT lower('ÄÉ')") == "äé"


def test_it_leaves_no_more_than_a_quarter_gigabyte_of_wal(place):
    server = _start(place)
    assert _value(server.url, "SHOW max_wal_size") == "256MB"
    assert _value(server.url, "SHOW min_wal_size") == "80MB"


@pytest.mark.parametrize("user", ["orders", "postgres"])
def test_it_lets_nobody_in_without_the_password(place, user):
    server = _start(place)
    port = psycopg.conninfo.conninfo_to_dict(server.url)["port"]
    with pytest.raises(psycopg.OperationalError, match="password authentication"):
        psycopg.connect(
            host=ports.HOST, port=port, user=user, password="guess", dbname="orders"
        )


def test_it_keeps_passwords_from_other_users(place):
    _start(place)
    for name in ("password", "superuser_password"):
        assert (place / "postgres" / name).stat().st_mode & 0o777 == 0o600
    assert not (place / "postgres" / "password.new").exists()


def test_it_takes_over_a_server_that_runs(place):
    first = _start(place)
    second = _start(place)
    assert second.adopted
    assert (second.pid, second.url) == (first.pid, first.url)


def test_it_keeps_data_and_address_when_started_again(place):
    first = _start(place)
    with psycopg.connect(first.url) as link:
        link.execute("CREATE TABLE kept AS SELECT 7 AS n")
    postgres.stop(place / "postgres")
    assert not postgres.is_running(place / "postgres")
    second = _start(place)
    assert not second.adopted
    assert second.url == first.url
    assert _value(second.url, "SELECT n FROM kept") == 7


def test_it_recovers_from_a_server_that_was_killed(place):
    first = _start(place)
    with psycopg.connect(first.url) as link:
        link.execute("CREATE TABLE kept AS SELECT 7 AS n")
    os.kill(first.pid, signal.SIGKILL)
    second = _start(place)
    assert second.pid != first.pid
    assert _value(second.url, "SELECT n FROM kept") == 7


def test_it_is_not_held_up_by_a_pid_that_another_program_has_now(place):
    _start(place)
    postgres.stop(place / "postgres")
    data = place / "postgres" / "data"
    stale = f"{os.getpid()}\n{data}\n1\n{ports.fresh()}\n\n127.0.0.1\n0 0\nready\n"
    (data / postmaster.NAME).write_text(stale)
    assert not postgres.is_running(place / "postgres")
    postgres.stop(place / "postgres")
    server = _start(place)
    assert server.pid != os.getpid()
    assert _value(server.url, "SELECT 1") == 1


def test_it_moves_to_another_port_when_its_own_is_taken(place):
    first = _start(place)
    postgres.stop(place / "postgres")
    port = int((place / "postgres" / "port").read_text())
    with socket.create_server((ports.HOST, port)):
        second = _start(place)
    assert second.url != first.url
    assert _value(second.url, "SELECT 1") == 1


def test_it_starts_over_after_an_interrupted_set_up(place):
    (place / "postgres" / "data.new").mkdir(parents=True)
    (place / "postgres" / "data.new" / "half").write_text("")
    assert _value(_start(place).url, "SELECT 1") == 1
    assert not (place / "postgres" / "data" / "half").exists()


def test_it_says_in_one_line_why_it_does_not_start(place):
    with pytest.raises(EmbeddedServerError) as refused:
        postgres.start(
            place / "postgres",
            log=place / "postgres.log",
            settings={"shared_buffers": "none"},
        )
    assert str(refused.value) == (
        'PostgreSQL does not start: invalid value for parameter "shared_buffers": '
        f'"none" (see {place / "postgres.log"})'
    )


def test_it_ends_only_its_own_server(place, tmp_path):
    mine = _start(place)
    other = tmp_path / "other"
    other.mkdir()
    try:
        neighbour = _start(other)
        postgres.stop(place / "postgres")
        assert processes.identity(mine.pid) is None
        assert _value(neighbour.url, "SELECT 1") == 1
    finally:
        postgres.stop(other / "postgres")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root changes to another user")
def test_it_says_what_to_do_where_root_may_not_change_the_user(place, monkeypatch):
    monkeypatch.setattr(account.shutil, "which", lambda name: None)
    account._setpriv.cache_clear()
    with pytest.raises(EmbeddedServerError) as refused:
        _start(place)
    assert str(refused.value) == (
        "as root, PostgreSQL needs the program setpriv (package util-linux) here: "
        "install it, run as an ordinary user, or set DATABASE_URL"
    )
