"""Which processes `up` has started, on disk: a killed one's are ended by the next.

A process is recorded by its pid and its moment of start. Each leads a process group,
whose other members are known by the group and by this checkout's Python.
"""

import contextlib
import json
import os
import sys
from pathlib import Path
from signal import SIGKILL, SIGTERM

import psutil

from cqrs_site.embedded import files, processes

NAME = "children.json"
END_SECONDS = 3.0


def record(local: Path, pids: list[int]) -> None:
    started = {str(pid): processes.identity(pid) for pid in pids}
    files.write_private(local / NAME, json.dumps(started))


def end_all(local: Path) -> list[int]:
    """Ends what a killed `up` left behind; the pids that were still there."""
    try:
        started: dict[str, str | None] = json.loads((local / NAME).read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return []
    found = [
        process
        for pid, identity in started.items()
        for process in _left(int(pid), identity)
    ]
    end(found, seconds=END_SECONDS)
    (local / NAME).unlink()
    return [process.pid for process in found]


def end(found: list[psutil.Process], *, seconds: float) -> None:
    """SIGTERM, and SIGKILL for those still there after `seconds`."""
    for process in found:
        _signal(process, SIGTERM)
    _, left = psutil.wait_procs(found, timeout=seconds)
    for process in left:
        _signal(process, SIGKILL)
    psutil.wait_procs(left, timeout=seconds)


def members(leader: int) -> list[psutil.Process]:
    """The processes of this checkout in the group that `leader` leads or led."""
    return [process for process in psutil.process_iter() if _belongs(process, leader)]


def _left(leader: int, identity: str | None) -> list[psutil.Process]:
    now = processes.identity(leader)
    if now is not None and now != identity:
        return []  # another process has this pid, and with it the group
    return members(leader)


def _belongs(process: psutil.Process, leader: int) -> bool:
    try:
        if os.getpgid(process.pid) != leader:
            return False
        program = process.cmdline()[0]
        return Path(program).parent == Path(sys.executable).parent
    except (psutil.Error, ProcessLookupError, IndexError):
        return False


def _signal(process: psutil.Process, number: int) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        process.send_signal(number)
