"""The command lines of the processes that `up` runs."""

import os
import sys

from django.conf import settings

from cqrs_site import environment

HOST = "127.0.0.1"
# Followers of the log in one worker process; they share its projections.
FOLLOWERS = 2
# Two may fill the tables of rebuilds, and one is left for reactors.
OPERATORS = 3


def web(port: int) -> list[str]:
    # A thread keeps a connection to each database, so the configured number of
    # connections is the number of threads; see docs/adr/0005-connections-per-thread.md.
    threads = settings.CQRS.command_side.event_store.connection_pool_size
    arguments = [sys.executable, "-m", "granian", "--interface=wsgi", "--no-ws"]
    arguments += [f"--host={HOST}", f"--port={port}", "--log-level=error"]
    arguments += [f"--workers={min(2, os.cpu_count() or 1)}"]
    arguments += [f"--blocking-threads={threads}", "cqrs_site.wsgi:application"]
    return arguments


def worker(number: int) -> list[str]:
    return _celery_worker(f"projections-{number}", "projections", FOLLOWERS)


def tasks() -> list[str]:
    return _celery_worker("operations", "operations", OPERATORS)


def beat() -> list[str]:
    folder = environment.LOCAL_DIR / "beat"
    folder.mkdir(exist_ok=True)
    return [*_celery("beat"), f"--schedule={folder / 'schedule'}", "--pidfile="]


def simulation(rate: float) -> list[str]:
    return manage("simulate_orders", f"--rate={rate:g}")


def demo_orders() -> list[str]:
    return manage("simulate_orders", "--orders=60", "--rate=50")


def manage(*arguments: str) -> list[str]:
    return [sys.executable, str(environment.BASE_DIR / "manage.py"), *arguments]


def _celery_worker(name: str, queue: str, concurrency: int) -> list[str]:
    # Workers do not talk to each other: the log and the checkpoints say everything.
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    size = f"--concurrency={concurrency}"
    return [
        *_celery("worker"),
        f"--queues={queue}",
        f"--hostname={name}@%h",
        size,
        *quiet,
    ]


def _celery(program: str) -> list[str]:
    quiet = ["--quiet"]
    celery = [sys.executable, "-m", "celery", *quiet, "--app=cqrs_site.celery"]
    return [*celery, program, "--loglevel=WARNING"]
