"""pytest plugin: the real PostgreSQL and Redis that the tests run against.

DATABASE_URL and REDIS_URL are used where they are set (the tests make the database
test_… there, and take Redis database 15). Without them both servers are started in a
temporary folder, when a test outside tests/unit is among those selected, and stopped
at the end. The settings load before that, so the addresses are chosen first.
"""

import base64
import os
import secrets
import shutil
import tempfile
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

from cqrs_site.embedded import database, files, ports, postgres, redis

REDIS_DATABASE = 15
UNIT = "tests/unit/"
# A crash of the machine may lose the tests' data; commits stay as they are in use.
POSTGRES_SETTINGS = {"fsync": "off", "full_page_writes": "off"}


class Servers:
    """The addresses, known from the start; the servers, started on demand."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="cqrs-tests-"))
        self.folder.chmod(0o755)  # passable for the account PostgreSQL runs under
        self.started = False
        self.superuser_url = ""
        self.own_postgres = not os.environ.get("DATABASE_URL")
        self.own_redis = not os.environ.get("REDIS_URL")
        self.database_url = os.environ.get("DATABASE_URL") or self._choose_postgres()
        self.redis_url = _numbered(os.environ.get("REDIS_URL") or self._choose_redis())

    def _choose_postgres(self) -> str:
        files.make_folder(self.folder / "postgres")
        password = files.kept_secret(self.folder / "postgres" / "password")
        port = ports.kept(self.folder / "postgres" / "port")
        return (
            f"postgres://{database.ROLE}:{password}@{ports.HOST}:{port}/{database.NAME}"
        )

    def _choose_redis(self) -> str:
        files.make_folder(self.folder / "redis")
        password = files.kept_secret(self.folder / "redis" / "password")
        port = ports.kept(self.folder / "redis" / "port")
        return f"redis://:{password}@{ports.HOST}:{port}/0"

    def start(self) -> None:
        if self.started:
            return
        self.started = True
        if self.own_postgres:
            server = postgres.start(
                self.folder / "postgres",
                log=self.folder / "postgres.log",
                settings=POSTGRES_SETTINGS,
            )
            database.allow_creating_databases(server.superuser_url)
            self.superuser_url = server.superuser_url
            assert server.url == self.database_url, "the chosen port was taken: again"
        if self.own_redis:
            cache = redis.start(self.folder / "redis", log=self.folder / "redis.log")
            assert _numbered(cache.url) == self.redis_url, "the port was taken: again"

    def stop(self) -> None:
        if self.own_postgres:
            postgres.stop(self.folder / "postgres")
        if self.own_redis:
            redis.stop(self.folder / "redis")
        shutil.rmtree(self.folder, ignore_errors=True)


def _numbered(url: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{REDIS_DATABASE}"))


SERVERS = Servers()
# Before pytest-django loads the settings, which is why this file is a plugin (-p).
os.environ["DATABASE_URL"] = SERVERS.database_url
os.environ["REDIS_URL"] = SERVERS.redis_url
os.environ.setdefault("SECRET_KEY", secrets.token_urlsafe(48))
os.environ.setdefault("DATA_KEY", base64.b64encode(secrets.token_bytes(32)).decode())


def pytest_collection_finish(session: pytest.Session) -> None:
    if session.config.option.collectonly:
        return
    if any(not item.nodeid.startswith(UNIT) for item in session.items):
        SERVERS.start()


def pytest_unconfigure(config: pytest.Config) -> None:
    SERVERS.stop()
