"""One `up` per checkout: a lock that the system frees with the process."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cqrs_site.up.errors import AlreadyRunning

NAME = "up.lock"


@contextmanager
def only_once(local: Path, *, url: str) -> Iterator[None]:
    """Raises AlreadyRunning, with the pid and the URL of the one that runs."""
    descriptor = os.open(local / NAME, os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "r+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _already_running(file.read()) from None
        file.truncate()
        json.dump({"pid": os.getpid(), "url": url}, file)
        file.flush()
        yield


def _already_running(content: str) -> AlreadyRunning:
    try:
        holder = json.loads(content)
    except ValueError:  # it starts at this moment
        return AlreadyRunning(pid=0, url="an address not known yet")
    return AlreadyRunning(pid=holder["pid"], url=holder["url"])
