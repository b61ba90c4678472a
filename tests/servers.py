"""pytest plugin: the real PostgreSQL and Redis that the tests run against.

DATABASE_URL and REDIS_URL are used where they are set (the tests make the database
test_… there, and take Redis database 15). Without them both servers are started in a
temporary folder, when a test outside tests/unit is among those selected. The settings
load before that, so the addresses are chosen first.

CQRS_TEST_TWO_SERVERS=1 puts the read tables on a second PostgreSQL server, or on that
of READ_DATABASE_URL.
"""

import atexit
import base64
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

from cqrs_site.embedded import database, files, ports

ROOT = Path(__file__).resolve().parent.parent
REDIS_DATABASE = 15
READ = "postgres-read"  # the server of the read tables, where it is another one
UNIT = "tests/unit/"


class Servers:
    """The addresses, known from the start; the servers, started on demand."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="cqrs-tests-"))
        self.folder.chmod(0o755)  # passable for the account PostgreSQL runs under
        self.own = [
            name for name, variable in self._wanted() if not os.environ.get(variable)
        ]
        self.database_url = os.environ.get("DATABASE_URL") or self._database("postgres")
        # "" while the read tables are beside the log.
        self.read_database_url = os.environ.get("READ_DATABASE_URL", "")
        if READ in self.own:
            self.read_database_url = self._database(READ)
        redis_url = os.environ.get("REDIS_URL") or self._address("redis", "redis://")
        self.redis_url = _numbered(redis_url)
        self.superuser_url = self.read_superuser_url = ""
        self._keeper: subprocess.Popen[str] | None = None

    @staticmethod
    def _wanted() -> list[tuple[str, str]]:
        """(server, variable that names another one)."""
        wanted = [("postgres", "DATABASE_URL"), ("redis", "REDIS_URL")]
        if os.environ.get("CQRS_TEST_TWO_SERVERS") == "1":
            wanted.append((READ, "READ_DATABASE_URL"))
        return wanted

    def _database(self, name: str) -> str:
        return self._address(name, f"postgres://{database.ROLE}", f"/{database.NAME}")

    def _address(self, name: str, start: str, end: str = "") -> str:
        # The server takes its port and password from the same files.
        files.make_folder(self.folder / name)
        password = files.kept_secret(self.folder / name / "password")
        port = ports.kept(self.folder / name / "port")
        return f"{start}:{password}@{ports.HOST}:{port}{end}"

    def owns(self, alias: str) -> bool:
        """Whether the server behind a database alias was started by us."""
        apart = alias == "read" and self.read_database_url
        return (READ if apart else "postgres") in self.own

    def start(self) -> None:
        if self._keeper or not self.own:
            return
        self._keeper = subprocess.Popen(
            [sys.executable, "-m", "tests.keeper", str(self.folder), *self.own],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._keeper.stdout
        urls = json.loads(self._keeper.stdout.readline() or "{}")
        self.superuser_url = urls.get("postgres superuser", "")
        self.read_superuser_url = urls.get(f"{READ} superuser", "")
        chosen = {"postgres": self.database_url, READ: self.read_database_url}
        if any(urls.get(name, url) != url for name, url in chosen.items()) or (
            "redis" in urls and _numbered(urls["redis"]) != self.redis_url
        ):
            pytest.exit("a port chosen for the test servers was taken: run again", 1)
        if not urls:
            pytest.exit("the test servers do not start", 1)

    def stop(self) -> None:
        if self._keeper:
            self._keeper.communicate()
            self._keeper = None
        shutil.rmtree(self.folder, ignore_errors=True)


def _numbered(url: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{REDIS_DATABASE}"))


SERVERS = Servers()
# Before pytest-django loads the settings, which is why this file is a plugin (-p).
os.environ["DATABASE_URL"] = SERVERS.database_url
if SERVERS.read_database_url:
    os.environ["READ_DATABASE_URL"] = SERVERS.read_database_url
os.environ["REDIS_URL"] = SERVERS.redis_url
os.environ.setdefault("SECRET_KEY", secrets.token_urlsafe(48))
for key in ("DATA_KEY", "SEAL_KEY"):
    os.environ.setdefault(key, base64.b64encode(secrets.token_bytes(32)).decode())


@atexit.register
def _stop(owner: int = os.getpid()) -> None:
    if os.getpid() == owner:  # not in a process that a test forked
        SERVERS.stop()


def pytest_collection_finish(session: pytest.Session) -> None:
    if session.config.option.collectonly:
        return
    if any(not item.nodeid.startswith(UNIT) for item in session.items):
        SERVERS.start()
