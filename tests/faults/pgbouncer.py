"""The real PgBouncer, in transaction mode, in front of a test database."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from signal import SIGINT, SIGQUIT
from urllib.parse import urlsplit, urlunsplit

import psycopg
from django.db import connections

from cqrs_site.embedded import account, ports, processes
from tests import cleaning
from tests.integration.eventstore import sessions

# For all clients together: fewer than they are, so that transactions change servers.
SERVER_CONNECTIONS = 4
CONFIGURATION = """
[databases]
{name} = host={host} port={server_port} user={user} password={password}

[pgbouncer]
listen_addr = {host}
listen_port = {port}
unix_socket_dir =
logfile = {folder}/pgbouncer.log
pidfile = {folder}/pgbouncer.pid
auth_type = scram-sha-256
auth_file = {folder}/users
admin_users = {user}
pool_mode = transaction
default_pool_size = {pool}
query_wait_timeout = 20
"""


def program() -> str | None:
    # Debian puts it where ordinary users do not look.
    path = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/local/sbin"
    return shutil.which("pgbouncer", path=path)


class PgBouncer:
    """One that runs, in front of the database of a URL; `url` leads through it."""

    def __init__(self, folder: Path, server: str) -> None:
        self._server, self.port = urlsplit(server), ports.fresh()
        self._folder = folder
        folder.mkdir()
        self._configure()
        user = account.of(folder / "none")  # as PostgreSQL, it refuses to run as root
        for path in (folder, *folder.iterdir()) if user else ():
            os.chown(path, user.uid, user.gid)
        command, ids = account.command(
            [program(), str(folder / "pgbouncer.ini")], account=user, reaches=[folder]
        )
        self.pid = processes.start_server(command, log=folder / "output", **ids)
        sessions.wait_until(self._answers)

    @property
    def url(self) -> str:
        return self._to(self._server.path)

    def show(self, what: str) -> list[dict[str, object]]:
        """The rows of SHOW …, as its admin console has them."""
        with psycopg.connect(self._to("/pgbouncer"), autocommit=True) as console:
            cursor = psycopg.ClientCursor(console)  # it knows the simple protocol only
            cursor.execute(f"SHOW {what}")
            names = [column.name for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def stop(self) -> None:
        assert processes.end(self.pid, signals=[(SIGINT, 5.0), (SIGQUIT, 5.0)])

    def _to(self, path: str) -> str:
        place = f"{self._server.username}:{self._server.password}"
        return urlunsplit(
            ("postgres", f"{place}@{ports.HOST}:{self.port}", path, "", "")
        )

    def _configure(self) -> None:
        user, password = self._server.username, self._server.password
        text = CONFIGURATION.format(
            name=self._server.path[1:],
            host=self._server.hostname,
            server_port=self._server.port,
            user=user,
            password=password,
            port=self.port,
            folder=self._folder,
            pool=SERVER_CONNECTIONS,
        )
        (self._folder / "pgbouncer.ini").write_text(text)
        (self._folder / "users").write_text(f'"{user}" "{password}"\n')

    def _answers(self) -> bool:
        assert processes.identity(self.pid), (self._folder / "output").read_text()
        try:
            return bool(self.show("VERSION"))
        except psycopg.OperationalError:
            return False


@contextmanager
def ours_through(poolers: dict[str, PgBouncer]) -> Iterator[None]:
    """The connections of this process, by alias, lead through poolers."""
    direct = {alias: dict(connections.settings[alias]) for alias in poolers}
    cleaning.close_connections()
    for alias, pooler in poolers.items():
        connections.settings[alias].update(HOST=ports.HOST, PORT=str(pooler.port))
    try:
        yield
    finally:
        cleaning.close_connections()
        for alias, settings in direct.items():
            connections.settings[alias].update(settings)
