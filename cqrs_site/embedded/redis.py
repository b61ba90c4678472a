"""A Redis server of our own. Nothing durable lives there, so nothing is saved.

`folder` holds its configuration with the password, its port and its pid file. The
server outlives the process that started it; `start` takes over one that still runs.
"""

import time
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL, SIGTERM

import redis

from cqrs_site.embedded import files, ports, processes, redis_program
from cqrs_site.embedded.errors import EmbeddedServerError

START_SECONDS = 20
STOP_SECONDS = 10
POLL_SECONDS = 0.02
# maxmemory: more than caching.size_mb by default; the rest is for hints and the broker.
CONFIGURATION = """\
bind {host}
port {port}
requirepass {password}
dir "{folder}"
pidfile "{folder}/redis.pid"
save ""
appendonly no
maxmemory 1536mb
maxmemory-policy noeviction
"""


@dataclass(frozen=True, kw_only=True)
class Server:
    url: str
    pid: int
    adopted: bool


def start(folder: Path, *, log: Path) -> Server:
    """Starts the server of `folder`, or takes over the one that runs.

    Returns when it answers. Raises EmbeddedServerError.
    """
    files.make_folder(folder)
    password = files.kept_secret(folder / "password")
    if running := _running(folder):
        return Server(url=_url(password, running.port), pid=running.pid, adopted=True)
    port = ports.kept(folder / "port")
    for _ in range(3):
        if pid := _launch(folder, log, port, password):
            return Server(url=_url(password, port), pid=pid, adopted=False)
        # Somebody else took the port between our look and the start.
        port = ports.replaced(folder / "port")
    raise EmbeddedServerError(f"Redis does not start: see {log}")


def is_running(folder: Path) -> bool:
    return _running(folder) is not None


def has_ended(folder: Path) -> bool:
    """Whether there is no process any more; one that hangs is still there."""
    try:
        written = int((folder / "redis.pid").read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return True
    return processes.identity(written) is None


def stop(folder: Path) -> None:
    """Ends the server of `folder`, if it runs. Raises EmbeddedServerError."""
    running = _running(folder)
    if running is None:
        return
    signals = [(SIGTERM, STOP_SECONDS), (SIGKILL, 5)]
    if not processes.end(running.pid, signals=signals):
        raise EmbeddedServerError(f"Redis (pid {running.pid}) does not end")


@dataclass(frozen=True, kw_only=True)
class _Running:
    pid: int
    port: int


def _running(folder: Path) -> _Running | None:
    """The server that answers on our port, to our password, with our configuration."""
    try:
        password = (folder / "password").read_text("utf-8").strip()
        port = int((folder / "port").read_text("utf-8"))
        written = int((folder / "redis.pid").read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    if processes.identity(written) is None:
        return None
    try:
        with redis.Redis.from_url(_url(password, port), socket_timeout=5) as client:
            server = client.info("server")
    except redis.RedisError:
        return None
    ours = Path(server["config_file"]) == folder.resolve() / "redis.conf"
    return _Running(pid=server["process_id"], port=port) if ours else None


def _launch(folder: Path, log: Path, port: int, password: str) -> int | None:
    """The pid once it answers; None when it ended instead."""
    configuration = folder.resolve() / "redis.conf"
    content = CONFIGURATION.format(
        host=ports.HOST, port=port, password=password, folder=_quoted(folder.resolve())
    )
    files.write_private(configuration, content)
    pid = processes.start_server(
        [str(redis_program.find()), str(configuration)], log=log
    )
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        running = _running(folder)
        if running and running.pid == pid:
            return pid
        if processes.identity(pid) is None:
            return None
        time.sleep(POLL_SECONDS)
    raise EmbeddedServerError(
        f"Redis does not answer after {START_SECONDS} s: see {log}"
    )


def _quoted(path: Path) -> str:
    return str(path).replace("\\", "\\\\").replace('"', '\\"')


def _url(password: str, port: int) -> str:
    return f"redis://:{password}@{ports.HOST}:{port}/0"
