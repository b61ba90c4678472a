"""A copy of the project, run as a user runs it."""

import contextlib
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import psutil

from cqrs_site.embedded import ports
from tests.servers import ROOT

NOT_COPIED = shutil.ignore_patterns(
    ".*", "__pycache__", "node_modules", "tests", "docs"
)
START_SECONDS = 40
# What the test servers of this run have set; a user's environment has none of it.
UNSET = {
    "DATABASE_URL",
    "REDIS_URL",
    "SECRET_KEY",
    "DATA_KEY",
    "SEAL_KEY",
    "DJANGO_SETTINGS_MODULE",
}
ENVIRONMENT = {name: os.environ[name] for name in os.environ if name not in UNSET}


def copied(folder: Path) -> "Checkout":
    shutil.copytree(ROOT, folder, ignore=NOT_COPIED)
    return Checkout(folder)


class Checkout:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.local = folder / ".local"
        self.port = ports.fresh()
        self.output = folder.with_name("output.txt")
        self._running: list[subprocess.Popen[bytes]] = []

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=self.folder,
            env=ENVIRONMENT,
            capture_output=True,
            text=True,
            timeout=START_SECONDS,
        )

    def up(self, until: str = "Everything runs") -> subprocess.Popen[bytes]:
        """Starts it and waits until it says so."""
        with self.output.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "manage.py", "up", "--no-demo", f"--port={self.port}"],
                cwd=self.folder,
                env=ENVIRONMENT,
                stdout=output,
                stderr=output,
            )
        self._running.append(process)
        deadline = time.monotonic() + START_SECONDS
        while until not in self.said():
            assert process.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.05)
        return process

    def said(self) -> str:
        return self.output.read_text()

    def get(self, path: str, headers: dict[str, str] | None = None) -> int:
        url = f"http://127.0.0.1:{self.port}{path}"
        request = urllib.request.Request(url, headers=headers or {})
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    def processes(self) -> list[psutil.Process]:
        """Whatever runs in this folder or on its behalf."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                words = [process.cwd(), *process.cmdline()]
                if any(str(self.folder) in word for word in words):
                    found.append(process)
        return found

    def clear(self) -> None:
        for process in self._running:
            process.kill()
            process.wait()
        for left in self.processes():
            with contextlib.suppress(psutil.Error):
                left.kill()
