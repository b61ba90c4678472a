"""Starts everything, keeps it running, stops it in order."""

import contextlib
import http.client
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cqrs_site.embedded import ports
from cqrs_site.up import lock, orphans, preparation, programs, unshown, welcome
from cqrs_site.up.child import Child
from cqrs_site.up.errors import PortTaken
from cqrs_site.up.preparation import Prepared
from cqrs_site.up.stop_signals import Stopped, StopSignals
from cqrs_site.up.terminal import Terminal

LOOK_SECONDS = 0.2
SERVERS_LOOK_SECONDS = 1
# Who takes commands stops first, then who makes work, then who does it. A follower
# hands its slot back after 2 s at most; who takes longer than these seconds is killed,
# which the log and the checkpoints are made for.
WEB_SECONDS, BEAT_SECONDS, WORKER_SECONDS = 4, 2, 8
SLOW_START_SECONDS = 60


@dataclass(frozen=True, kw_only=True)
class Options:
    """`simulate`: commands a second, or None."""

    port: int
    demo: bool
    simulate: float | None
    workers: int

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"


def run(options: Options) -> None:
    """Returns when stopped by a signal. Raises UpError, EmbeddedServerError."""
    terminal, signals = Terminal(), StopSignals()
    local = preparation.local_folder()
    with lock.only_once(local, url=options.url):
        if left := orphans.end_all(local):
            terminal.line("up", f"ended {len(left)} processes of a killed run")
        _check_port(options.port)
        running = Running(local, options, terminal, signals)
        with contextlib.suppress(Stopped):
            signals.install()
            with running.stopped_in_order():
                running.start()
                running.watch()


def _check_port(port: int) -> None:
    try:
        ports.check(port)
    except OSError as error:
        raise PortTaken(port, f"cannot be used ({error.strerror})") from None


class Running:
    def __init__(
        self, local: Path, options: Options, terminal: Terminal, signals: StopSignals
    ) -> None:
        self._local = local
        self._options = options
        self._terminal = terminal
        self._signals = signals
        self._children: list[Child] = []
        self._prepared: Prepared | None = None

    def start(self) -> None:
        with self._terminal.step("secrets"):
            preparation.make_secrets(self._local)
        preparation.start_servers(self._local, self._terminal, self._signals)
        self._prepared = preparation.prepare_site()
        self._start_child("web", programs.web(self._options.port))
        for number in range(1, self._options.workers + 1):
            name = "worker" if self._options.workers == 1 else f"worker-{number}"
            self._start_child(name, programs.worker(number))
        self._start_child("tasks", programs.tasks())
        self._start_child("beat", programs.beat())
        with self._terminal.step("web answers"):
            self._wait_for_web()
        self._welcome()
        if self._options.simulate:
            self._start_child("simulate", programs.simulation(self._options.simulate))
        elif self._options.demo and self._prepared.log_is_empty:
            self._start_child("demo", programs.demo_orders(), again=False)

    def watch(self) -> None:
        servers_at = 0.0
        while True:
            self._look()
            if time.monotonic() > servers_at:
                preparation.revive_servers(self._local, self._terminal, self._signals)
                servers_at = time.monotonic() + SERVERS_LOOK_SECONDS
            time.sleep(LOOK_SECONDS)

    @contextlib.contextmanager
    def stopped_in_order(self) -> Iterator[None]:
        try:
            yield
        finally:
            self._stop()

    def _start_child(self, name: str, arguments: list[str], again: bool = True) -> None:
        child = Child(name, arguments, self._terminal, again=again)
        with self._signals.held():
            self._children.append(child)
            child.start()
            self._record()

    def _look(self) -> None:
        with self._signals.held():
            started = [child for child in self._children if child.look()]
            if started:
                self._record()

    def _record(self) -> None:
        pids = [child.pid for child in self._children if child.pid]
        orphans.record(self._local, pids)

    def _wait_for_web(self) -> None:
        began = time.monotonic()
        warned = False
        while not _answers(self._options.port):
            if time.monotonic() - began > SLOW_START_SECONDS and not warned:
                self._terminal.trouble("web does not answer yet: see the lines above")
                warned = True
            self._look()
            time.sleep(LOOK_SECONDS / 2)

    def _welcome(self) -> None:
        if self._prepared:
            lines = welcome.lines(
                self._options.url, self._prepared, self._terminal.bold
            )
            if self._terminal.block(lines):
                unshown.forget(self._local)

    def _stop(self) -> None:
        self._signals.received = max(self._signals.received, 1)  # none is raised now
        began = time.monotonic()
        if self._children:
            self._terminal.line("up", "stopping")
        self._stop_children({"web", "simulate", "demo"}, WEB_SECONDS)
        self._stop_children({"beat"}, BEAT_SECONDS)
        self._stop_children({child.name for child in self._children}, WORKER_SECONDS)
        preparation.stop_servers(self._local)
        self._record_none()
        if unshown.read(self._local):
            text = "users and an API key are made: the next start shows them"
            self._terminal.line("up", text)
        self._terminal.line("up", f"stopped in {time.monotonic() - began:.1f} s")

    def _stop_children(self, names: set[str], seconds: float) -> None:
        group = [child for child in self._children if child.name in names]
        for child in group:
            child.ask_to_stop()
        deadline = time.monotonic() + seconds
        while not all(child.has_stopped() for child in group):
            if self._signals.hurry or time.monotonic() > deadline:
                break
            time.sleep(0.05)
        for child in group:
            child.kill()

    def _record_none(self) -> None:
        orphans.record(self._local, [])


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection(programs.HOST, port, timeout=5)
    try:
        connection.request("GET", "/health/live")
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
