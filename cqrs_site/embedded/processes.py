"""Processes by pid and moment of start: a pid used again is never taken for ours."""

import contextlib
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil

# Python warns about a child that is forgotten before its end was noticed.
_STARTED: list[subprocess.Popen[bytes]] = []
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def identity(pid: int) -> str | None:
    """What tells this process from a later one with the same pid; None: not running."""
    try:
        if BOOT_ID.exists():  # Linux: exact, whatever happens to the clock
            stat = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
            fields = stat.rpartition(")")[2].split()
            if fields[0] in "ZX":
                return None
            return f"{BOOT_ID.read_text().strip()}:{fields[19]}"
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return f"{process.create_time():.2f}"
    except (psutil.NoSuchProcess, OSError):
        return None


def command_line(pid: int) -> list[str]:
    """Empty when the process is gone or may not be looked at."""
    try:
        found: list[str] = psutil.Process(pid).cmdline()
        return found
    except psutil.Error:
        return []


def start_server(
    arguments: list[str],
    *,
    log: Path,
    environment: dict[str, str] | None = None,
    **identity: Any,
) -> int:
    """Starts a program that outlives us; its output goes to the end of `log`."""
    # The pid of a killed server of ours lives on until its end is noticed, and would
    # make the next one refuse to start.
    _notice_ends()
    with log.open("ab") as output:
        # A session of its own: Ctrl-C in the terminal must not reach it.
        process = subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=environment,
            start_new_session=True,
            **identity,
        )
    _STARTED.append(process)
    return process.pid


def is_gone(pid: int, *, within: float) -> bool:
    """Whether the process has ended after at most `within` seconds."""
    try:
        psutil.Process(pid).wait(within)
    except psutil.NoSuchProcess:
        return True
    except psutil.TimeoutExpired:
        return False
    _notice_ends()
    return True


def end(pid: int, *, signals: Sequence[tuple[signal.Signals, float]]) -> bool:
    """Sends each signal in turn and waits its seconds; whether the process is gone.

    The caller has made sure that `pid` is its own; from here on psutil does.
    """
    try:
        process = psutil.Process(pid)
        for number, seconds in signals:
            process.send_signal(number)
            with contextlib.suppress(psutil.TimeoutExpired):
                process.wait(seconds)
                return True
    except psutil.NoSuchProcess:
        return True
    finally:
        _notice_ends()
    return identity(pid) is None


def _notice_ends() -> None:
    _STARTED[:] = [process for process in _STARTED if process.poll() is None]
