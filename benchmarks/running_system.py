"""The whole system by its real programs: web servers, workers, beat, a simulation."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import own_servers
from benchmarks.clients import Web
from cqrs_site.embedded import ports

# That of `up` keeps its schedule in the checkout.
BEAT = [sys.executable, "-m", "celery", "--app=cqrs_site.celery", "beat", "--pidfile="]
WORKERS = 2
START_S = 60
STOP_S = 30


class System:
    """webs: addresses of web servers, one process each."""

    def __init__(self, folder: Path) -> None:
        self.webs: list[Web] = []
        self._folder = folder
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self, *, webs: int, workers: bool = True) -> None:
        from cqrs_site.up import programs

        for _ in range(webs):
            port = ports.fresh()
            others = [each for each in programs.web(port) if "--workers" not in each]
            # The server and its options come before the application's name.
            self._run([*others[:-1], "--workers=1", others[-1]])
            self.webs.append((ports.HOST, port))
        if workers:
            for number in range(WORKERS):
                self._run(programs.worker(number + 1))
            self._run(programs.tasks())
            self._run([*BEAT, f"--schedule={self._folder / 'beat'}"])
        self._wait()

    def simulate(self, rate: float) -> None:
        from cqrs_site.up import programs

        self._run(programs.simulation(rate))

    def key(self, *scopes: str) -> str:
        from api import keys

        return keys.create(name=os.urandom(4).hex(), scopes=scopes).key

    def manage(self, *arguments: str) -> str:
        """What a command printed. Raises CalledProcessError when it fails."""
        from cqrs_site.up import programs

        done = subprocess.run(
            programs.manage(*arguments), check=True, stdout=subprocess.PIPE, text=True
        )
        return done.stdout

    def stop(self) -> None:
        for process in reversed(self._processes):
            process.terminate()
        for process in self._processes:
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _run(self, arguments: list[str]) -> None:
        log = self._folder / f"{len(self._processes)}.log"
        with log.open("wb") as out:
            self._processes.append(
                subprocess.Popen(arguments, stdout=out, stderr=subprocess.STDOUT)
            )

    def _wait(self) -> None:
        from benchmarks import clients

        ends = time.monotonic() + START_S
        while not all(clients.is_ready(web) for web in self.webs):
            if time.monotonic() > ends:
                raise TimeoutError(f"not ready within {START_S} s")
            time.sleep(0.1)


@contextmanager
def started(*, webs: int = 1, workers: bool = True) -> Iterator[System]:
    """The system on servers of its own; nothing is left of it.

    workers: whether somebody follows the log, and beat sweeps.
    """
    with own_servers.opened() as folder:
        system = System(folder)
        try:
            system.start(webs=webs, workers=workers)
            yield system
        finally:
            system.stop()
