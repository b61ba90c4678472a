"""PostgreSQL and Redis of our own, durable, in a temporary folder; empty tables."""

import base64
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cqrs_site.embedded import postgres, redis


@contextmanager
def opened(*, database_url: str | None = None) -> Iterator[Path]:
    """This process and those that it starts use them; nothing is left of them.

    Gives the folder, in which the caller may keep what is to go with them.
    database_url: an empty database to use instead; what is put there stays.
    """
    folder = Path(tempfile.mkdtemp(prefix="cqrs-bench-"))
    folder.chmod(0o755)  # passable for the account PostgreSQL runs under
    try:
        _start(folder, database_url)
        yield folder
    finally:
        redis.stop(folder / "redis")
        postgres.stop(folder / "postgres")
        shutil.rmtree(folder, ignore_errors=True)


def _start(folder: Path, database_url: str | None) -> None:
    if database_url is None:
        server = postgres.start(folder / "postgres", log=folder / "postgres.log")
        database_url = server.url
    os.environ["DATABASE_URL"] = database_url
    os.environ["REDIS_URL"] = redis.start(
        folder / "redis", log=folder / "redis.log"
    ).url
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cqrs_site.settings")
    os.environ["SECRET_KEY"] = os.urandom(32).hex()
    for key in ("DATA_KEY", "SEAL_KEY"):
        os.environ[key] = base64.b64encode(os.urandom(32)).decode()
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
