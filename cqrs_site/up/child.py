"""One process that `up` runs: started, its lines passed on, started again, stopped."""

import os
import subprocess
import threading
import time
from signal import SIGTERM

from cqrs_site import environment
from cqrs_site.up import orphans
from cqrs_site.up.terminal import Terminal

# Seconds before the first, second … restart; a process that ran for STEADY_SECONDS
# begins with the first again.
PAUSES = (1, 2, 5)
STEADY_SECONDS = 60
ENVIRONMENT = {
    "PYTHONUNBUFFERED": "1",
    # Celery's advice for root is about messages that carry code; ours are JSON.
    "PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges",
}


class Child:
    """`again`: whether it is started again when it ends."""

    def __init__(
        self, name: str, arguments: list[str], terminal: Terminal, *, again: bool = True
    ) -> None:
        self.name = name
        self.arguments = arguments
        self.again = again
        self._terminal = terminal
        self._process: subprocess.Popen[str] | None = None
        self._began = 0.0
        self._starts_at: float | None = None
        self._failures = 0

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def start(self) -> None:
        self._starts_at = None
        self._began = time.monotonic()
        self._process = subprocess.Popen(
            self.arguments,
            cwd=environment.BASE_DIR,
            env={**os.environ, **ENVIRONMENT},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            # Ctrl-C reaches `up` alone, which stops its children in order.
            start_new_session=True,
        )
        threading.Thread(target=self._pass_on, daemon=True).start()

    def look(self) -> bool:
        """Notices its end and starts it again when it is time; whether it started."""
        if self._starts_at is not None:
            if time.monotonic() < self._starts_at:
                return False
            self.start()
            return True
        if self._process and (status := self._process.poll()) is not None:
            self._ended(status)
        return False

    def ask_to_stop(self) -> None:
        self._starts_at = None
        if self._process and self._process.poll() is None:
            self._process.send_signal(SIGTERM)

    def has_stopped(self) -> bool:
        return self._process is None or self._process.poll() is not None

    def kill(self) -> None:
        """Ends at once whatever is left of it and of the processes it made."""
        if self._process:
            orphans.end(orphans.members(self._process.pid), seconds=0)
            self._process.wait()

    def _ended(self, status: int) -> None:
        self.kill()
        self._process = None
        if not self.again:
            if status:
                self._terminal.trouble(f"{self.name} ended with {_spelled(status)}")
            return
        if time.monotonic() - self._began > STEADY_SECONDS:
            self._failures = 0
        pause = PAUSES[min(self._failures, len(PAUSES) - 1)]
        self._failures += 1
        self._starts_at = time.monotonic() + pause
        self._terminal.trouble(
            f"{self.name} ended with {_spelled(status)}: starts again in {pause} s"
        )

    def _pass_on(self) -> None:
        assert self._process
        assert self._process.stdout
        for line in self._process.stdout:
            if line.strip():
                self._terminal.line(self.name, line.rstrip("\n"))


def _spelled(status: int) -> str:
    return f"signal {-status}" if status < 0 else f"exit code {status}"
