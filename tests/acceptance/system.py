"""The system as processes of its own, with a Redis that may vanish."""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cqrs_site.embedded import ports, redis

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = Path(sys.executable).parent
START_S = 30


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Any
    body: Any
    seconds: float


@dataclass
class System:
    """`environment`: that of the processes, with the databases to use."""

    folder: Path
    environment: dict[str, str]
    port: int = field(default_factory=ports.fresh)
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, *, pool: str = "prefork") -> None:
        self.start_redis()
        self.start_web(self.port)
        self.start_worker(pool=pool)
        self.run("celery", "-A", "cqrs_site", "beat", "-s", str(self.folder / "beat"))
        until(lambda: self.get("/health/ready").status == 200)

    def start_web(self, port: int | None = None, *, workers: int = 1) -> int:
        """Its port; another web server than that of `port` if none is named.

        workers: processes of it.
        """
        port = port or ports.fresh()
        self.run(
            "granian",
            "--interface=wsgi",
            f"--port={port}",
            "--blocking-threads=4",
            f"--workers={workers}",
            "cqrs_site.wsgi:application",
        )
        return port

    def start_worker(
        self, *, pool: str = "prefork", queue: str = "projections"
    ) -> subprocess.Popen[bytes]:
        name = f"worker{len(self.processes)}@test"
        return self.run(
            *("celery", "-A", "cqrs_site", "worker", "-Q", queue),
            *("-c", "2", "-P", pool, "-n", name),
        )

    def start_redis(self) -> None:
        server = redis.start(self.folder / "redis", log=self.folder / "redis.log")
        self.environment["REDIS_URL"] = server.url

    def stop_redis(self) -> None:
        redis.stop(self.folder / "redis")

    def stop(self) -> None:
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.stop_redis()

    def run(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        log = self.folder / f"{program}-{len(self.processes)}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [str(PROGRAMS / program), *arguments],
                cwd=ROOT,
                env=self.environment,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        self.processes.append(process)
        return process

    def manage(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    def key(self, *scopes: str) -> str:
        named = [part for scope in scopes for part in ("--scope", scope)]
        made = self.manage("api_key", "create", os.urandom(4).hex(), *named, "--json")
        key: str = json.loads(made)["key"]
        return key

    def get(self, path: str, **headers: str) -> Answer:
        return self._ask(urllib.request.Request(self._url(path)), headers)

    def post(self, path: str, body: Any, **headers: str) -> Answer:
        request = urllib.request.Request(
            self._url(path), json.dumps(body).encode(), method="POST"
        )
        return self._ask(request, {"Content-Type": "application/json", **headers})

    def _url(self, path: str) -> str:
        return (
            path if path.startswith("http") else f"http://127.0.0.1:{self.port}{path}"
        )

    def _ask(self, request: urllib.request.Request, headers: dict[str, str]) -> Answer:
        for name, value in headers.items():
            request.add_header(name.replace("_", "-"), value)
        began = time.monotonic()
        try:
            with urllib.request.urlopen(request, timeout=40) as answer:
                text, status, named = answer.read(), answer.status, answer.headers
        except urllib.error.HTTPError as error:
            with error:
                text, status, named = error.read(), error.code, error.headers
        except OSError:
            text, status, named = b"", 0, {}
        body = json.loads(text) if text else None
        return Answer(status, named, body, time.monotonic() - began)


def until(holds: Callable[[], bool], *, seconds: float = START_S) -> None:
    """Returns when it holds; fails when it does not within so many seconds."""
    ends = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < ends, f"not within {seconds} s"
        time.sleep(0.05)
