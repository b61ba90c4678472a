"""What postmaster.pid says about the PostgreSQL server of a data folder."""

import time
from dataclasses import dataclass
from pathlib import Path

from cqrs_site.embedded import processes
from cqrs_site.embedded.errors import EmbeddedServerError

NAME = "postmaster.pid"
POLL_SECONDS = 0.02


@dataclass(frozen=True, kw_only=True)
class Postmaster:
    pid: int
    port: int
    ready: bool


def of(data: Path) -> Postmaster | None:
    """The running server of folder `data`; None when there is none."""
    found = _read(data)
    return found if found and _is_ours(found.pid, data) else None


def clear_stale(data: Path) -> None:
    """Removes a pid file whose pid now belongs to another program.

    PostgreSQL itself recovers from a dead pid, and then checks that no process of the
    dead server is left; a pid that lives makes it refuse to start.
    """
    found = _read(data)
    if found and processes.identity(found.pid) and not _is_ours(found.pid, data):
        (data / NAME).unlink(missing_ok=True)


def ready(data: Path, pid: int, *, seconds: float) -> Postmaster | None:
    """Waits until process `pid` serves `data`; None when it ended instead.

    Raises EmbeddedServerError when it does neither in `seconds`.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = _read(data)
        if found and found.pid == pid and found.ready:
            return found
        if processes.identity(pid) is None:
            return None
        time.sleep(POLL_SECONDS)
    raise EmbeddedServerError(f"PostgreSQL is not ready after {seconds:.0f} s")


def _read(data: Path) -> Postmaster | None:
    # Lines: pid, data folder, start, port, socket folder, address, shared memory,
    # status. The last ones are added while the server starts.
    try:
        lines = (data / NAME).read_text("utf-8").splitlines()
    except FileNotFoundError:
        return None
    try:
        pid, port = int(lines[0]), int(lines[3])
    except (IndexError, ValueError):
        return None
    return Postmaster(
        pid=pid, port=port, ready=len(lines) > 7 and lines[7].strip() == "ready"
    )


def _is_ours(pid: int, data: Path) -> bool:
    arguments = processes.command_line(pid)
    if "-D" not in arguments[:-1] or processes.identity(pid) is None:
        return False
    return Path(arguments[arguments.index("-D") + 1]) == data.resolve()
