"""Free TCP ports on 127.0.0.1, kept in a file so that addresses last."""

import socket
from pathlib import Path

from cqrs_site.embedded import files

HOST = "127.0.0.1"


def check(port: int) -> None:
    """Raises OSError when no server can be started on the port."""
    with socket.socket() as probe:
        # As servers do: a port whose last connections are in TIME_WAIT is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((HOST, port))


def is_free(port: int) -> bool:
    try:
        check(port)
    except (OSError, OverflowError):
        return False
    return True


def fresh() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def kept(path: Path) -> int:
    """The port that `path` remembers while it is free, else another one."""
    try:
        port = int(path.read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        port = 0
    if port and is_free(port):
        return port
    return replaced(path)


def replaced(path: Path) -> int:
    port = fresh()
    files.write_private(path, f"{port}\n")
    return port
