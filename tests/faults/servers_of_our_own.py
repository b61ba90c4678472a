"""PostgreSQL servers that a test may crash, restore into or put on standby."""

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from signal import SIGKILL, Signals

import psutil
from django.db import connections

from cqrs_site import environment
from cqrs_site.embedded import account, ports, postgres, postmaster, processes
from tests.servers import ROOT

# Nothing is written ahead unless a commit asks for it: a crash so loses all it may.
LAZY = {"wal_writer_delay": "10s", "wal_writer_flush_after": "1GB", "fsync": "off"}
HBA = "host replication all 127.0.0.1/32 scram-sha-256\n"


class OwnServer:
    """One server; `alias` is its database for Django, `url` for everybody else."""

    def __init__(self, folder: Path, alias: str) -> None:
        self.folder, self.alias = folder / alias, alias
        self.start()

    def start(self) -> None:
        log = self.folder.with_suffix(".log")
        self._server = postgres.start(self.folder, log=log, settings=LAZY)
        self.url, self.superuser_url = self._server.url, self._server.superuser_url
        _connect(self.alias, self.url)

    def crash(self, signal: Signals) -> None:
        """SIGQUIT: as pg_ctl's immediate stop. SIGKILL: of every process at once."""
        connections[self.alias].close()
        postmaster_process = psutil.Process(self._server.pid)
        children = postmaster_process.children() if signal is SIGKILL else []
        postmaster_process.send_signal(signal)
        for child in children:
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()
        assert processes.is_gone(self._server.pid, within=20)

    def stop(self) -> None:
        _disconnect(self.alias)
        postgres.stop(self.folder)

    def manage(self, *arguments: str) -> str:
        """manage.py on this server's database; its output."""
        variables = {**os.environ, "DATABASE_URL": self.url}
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=variables,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    @contextmanager
    def standby(self, alias: str) -> Iterator[str]:
        """A streaming standby of this server; the URL of its database."""
        with (self.folder / "data/pg_hba.conf").open("a") as file:
            file.write(HBA)
        os.kill(self._server.pid, Signals.SIGHUP)
        data = self.folder.with_name(alias)
        base = self.superuser_url.rpartition("/")[0]
        run("pg_basebackup", "-d", base, "-D", str(data), "-R", "-cfast")
        owner = account.of(self.folder / "data")
        if owner:
            for path in (data, *data.rglob("*")):
                os.chown(path, owner.uid, owner.gid)
        port = _start(data, owner)
        url = f"{self.url.rpartition(':')[0]}:{port}/orders"
        _connect(alias, url)
        try:
            yield url
        finally:
            _disconnect(alias)
            if running := postmaster.of(data):  # else the test has killed it
                assert processes.end(running.pid, signals=[(Signals.SIGINT, 20)])


def run(program: str, *arguments: str) -> None:
    done = subprocess.run(
        [str(postgres.binary(program)), *arguments], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def copied(source: OwnServer, target: OwnServer, folder: Path) -> None:
    """Dumps one server's database and restores it into another server."""
    dump = folder / "dump"
    run("pg_dump", "--format=custom", f"--file={dump}", f"--dbname={source.url}")
    run("pg_restore", "--exit-on-error", f"--dbname={target.url}", str(dump))


def remove(folder: Path) -> None:
    shutil.rmtree(folder)


def _start(data: Path, owner: account.Account | None) -> int:
    port = ports.fresh()
    settings = {**postgres.SETTINGS, "port": str(port)}
    arguments = [str(postgres.binary("postgres")), "-D", str(data)]
    for name, value in settings.items():
        arguments += ["-c", f"{name}={value}"]
    command, ids = account.command(
        arguments, account=owner, reaches=[postgres.binary("postgres"), data]
    )
    log = data.with_suffix(".log")
    pid = processes.start_server(
        command, log=log, environment=postgres.ENVIRONMENT, **ids
    )
    assert postmaster.ready(data, pid, seconds=30), log.read_text()
    return port


def _connect(alias: str, url: str) -> None:
    settings = environment.database(url, name=alias)
    configured = connections.configure_settings({"default": settings})
    connections.settings[alias] = configured["default"]


def _disconnect(alias: str) -> None:
    connections[alias].close()
    del connections[alias]
    del connections.settings[alias]
