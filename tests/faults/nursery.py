"""Processes to kill: `python -m tests.faults.nursery` forks them, with Django loaded.

Each line of its input is JSON, {"run": name, …arguments}; the answer is the child's
pid. The end of the input ends every child. Loading Django for each of them would take
longer than most of them live. NURSERY_SETTINGS: theirs, if not those of the site.
"""

import contextlib
import json
import os
import signal
import sys
from contextlib import contextmanager
from subprocess import PIPE, Popen


class Nursery:
    """The test's end of it."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._process = Popen(
            [sys.executable, "-m", "tests.faults.nursery"],
            env=environment,
            stdin=PIPE,
            stdout=PIPE,
            text=True,
        )

    def start(self, run: str, **arguments: object) -> int:
        """The pid of a new process that runs a function of `RUNS`."""
        self._process.stdin.write(json.dumps({"run": run, **arguments}) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def close(self) -> None:
        self._process.stdin.close()
        assert self._process.wait(timeout=30) == 0
        self._process.stdout.close()


@contextmanager
def opened(environment: dict[str, str]):
    nursery = Nursery(environment)
    try:
        yield nursery
    finally:
        nursery.close()


def runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _fork(run: str, arguments: dict) -> int:
    pid = os.fork()
    if pid:
        return pid
    # libpq's name of the session: so a test finds what the process is doing.
    os.environ["PGAPPNAME"] = f"{run}-{os.getpid()}"
    os.close(sys.stdin.fileno())
    os.dup2(2, 1)
    code = 1
    try:
        from tests.faults import work

        getattr(work, run)(**arguments)
        code = 0
    finally:
        sys.stderr.flush()
        os._exit(code)


def main() -> None:
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = os.environ.get(
        "NURSERY_SETTINGS", "cqrs_site.settings"
    )
    django.setup()
    from tests.faults import work

    assert work
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps
    children = []
    for line in sys.stdin:
        arguments = json.loads(line)
        children.append(_fork(arguments.pop("run"), arguments))
        sys.stdout.write(f"{children[-1]}\n")
        sys.stdout.flush()
    for pid in children:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
