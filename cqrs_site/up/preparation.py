"""What has to be there before the processes run: secrets, servers, tables, users."""

import base64
import json
import os
import secrets
import subprocess
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from cqrs_site import environment
from cqrs_site.embedded import files, postgres, record, redis, redis_program
from cqrs_site.embedded.errors import EmbeddedServerError
from cqrs_site.up import programs
from cqrs_site.up.errors import ForeignFolder, PreparationFailed
from cqrs_site.up.stop_signals import StopSignals
from cqrs_site.up.terminal import Terminal

MAX_LOG_BYTES = 20 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """`passwords` by user and `key` are there until they were shown once."""

    passwords: dict[str, str]
    key: str | None
    log_is_empty: bool


def local_folder() -> Path:
    """.local with its log folder; raises ForeignFolder."""
    local = environment.LOCAL_DIR
    if local.exists() and local.stat().st_uid != os.geteuid():
        raise ForeignFolder(local)
    files.make_folder(local / "log")
    files.make_folder(settings.STATIC_ROOT)  # WhiteNoise asks for it, though empty
    for log in (local / "log").glob("*.log"):
        if log.stat().st_size > MAX_LOG_BYTES:
            log.replace(log.with_suffix(".old"))
    return local


def make_secrets(local: Path) -> None:
    folder = local / "secrets"
    folder.mkdir(mode=0o700, exist_ok=True)
    for name, fresh in (
        ("SECRET_KEY", secrets.token_urlsafe(48)),
        ("DATA_KEY", base64.b64encode(secrets.token_bytes(32)).decode()),
        ("SEAL_KEY", base64.b64encode(secrets.token_bytes(32)).decode()),
    ):
        if not environment.text(name):
            files.kept_secret(folder / name, fresh=fresh)


def start_servers(local: Path, terminal: Terminal, signals: StopSignals) -> None:
    """The embedded servers that the environment does not replace."""
    if settings.EMBEDDED_POSTGRES:
        with terminal.step("PostgreSQL"), signals.held():
            _start_postgres(local)
    if settings.EMBEDDED_REDIS:
        with terminal.step("Redis"):
            redis_program.find()  # may download
            with signals.held():
                _start_redis(local)


def revive_servers(local: Path, terminal: Terminal, signals: StopSignals) -> None:
    """Starts those of our servers again that have ended meanwhile."""
    ended = []
    if settings.EMBEDDED_POSTGRES and not postgres.is_running(local / "postgres"):
        ended.append(("PostgreSQL", _start_postgres))
    if settings.EMBEDDED_REDIS and redis.has_ended(local / "redis"):
        ended.append(("Redis", _start_redis))
    for name, start in ended:
        terminal.trouble(f"{name} has ended: it is started again")
        try:
            with signals.held():
                start(local)
        except EmbeddedServerError as error:
            terminal.trouble(str(error))  # and tried again at the next look


def _start_postgres(local: Path) -> None:
    server = postgres.start(local / "postgres", log=local / "log" / "postgres.log")
    record.write(local, postgres=server.url)


def _start_redis(local: Path) -> None:
    server = redis.start(local / "redis", log=local / "log" / "redis.log")
    record.write(local, redis=server.url)


def stop_servers(local: Path) -> None:
    if settings.EMBEDDED_REDIS:
        redis.stop(local / "redis")
    if settings.EMBEDDED_POSTGRES:
        postgres.stop(local / "postgres")


def prepare_site() -> Prepared:
    """Runs `manage.py prepare` in a process of its own: ours has read its settings
    before the servers and secrets were there. Raises PreparationFailed."""
    process = subprocess.Popen(
        programs.manage("prepare", "--json"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        output, _ = process.communicate()
    except BaseException:
        process.kill()
        process.wait()
        raise
    if process.returncode:
        raise PreparationFailed(process.returncode)
    return Prepared(**json.loads(output))
