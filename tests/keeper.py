"""Keeps the tests' servers while its standard input is open: `keeper FOLDER NAME…`.

A process of its own, so that no server is left behind however the tests end. Prints
one line of JSON when the servers answer: URLs by "SERVER" and "SERVER superuser".
"""

import json
import os
import shutil
import signal
import sys
from pathlib import Path

from cqrs_site.embedded import database, postgres, redis

# A crash of the machine may lose the tests' data; commits stay as they are in use.
POSTGRES_SETTINGS = {"fsync": "off", "full_page_writes": "off"}


def start(folder: Path, names: list[str]) -> dict[str, str]:
    urls = {}
    for name in databases(names):
        server = postgres.start(
            folder / name,
            log=folder / f"{name}.log",
            settings=POSTGRES_SETTINGS,
        )
        database.allow_creating_databases(server.superuser_url)
        urls |= {name: server.url, f"{name} superuser": server.superuser_url}
    if "redis" in names:
        urls["redis"] = redis.start(folder / "redis", log=folder / "redis.log").url
    return urls


def databases(names: list[str]) -> list[str]:
    return [name for name in names if name.startswith("postgres")]


def main() -> None:
    folder, names = Path(sys.argv[1]), sys.argv[2:]
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the end of the input is what counts
    try:
        sys.stdout.write(json.dumps(start(folder, names)) + "\n")
        sys.stdout.flush()
        os.read(sys.stdin.fileno(), 1)
    finally:
        for name in databases(names):
            postgres.stop(folder / name)
        redis.stop(folder / "redis")
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
