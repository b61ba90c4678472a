"""Reads the process environment: every variable also as NAME_FILE.

Without DATABASE_URL / REDIS_URL the addresses of this checkout's embedded servers
are used, as `manage.py up` recorded them in .local/servers.json.
"""

import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from cqrs_site.embedded import record

BASE_DIR = Path(__file__).resolve().parent.parent
LOCAL_DIR = BASE_DIR / ".local"
# A host is a name, an IPv4 or a bracketed IPv6 address.
_ORIGIN = re.compile(r"https?://([a-z0-9.-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?")


class WrongEnvironment(Exception):
    """A variable has an impossible value; the text names it and what is allowed."""


def text(name: str, default: str = "") -> str:
    """The value of NAME, or the stripped content of the file that NAME_FILE names."""
    if path := os.environ.get(f"{name}_FILE"):
        if os.environ.get(name):
            raise WrongEnvironment(
                f"{name} and {name}_FILE are both set: allowed is one"
            )
        try:
            return Path(path).read_text("utf-8").strip()
        except OSError as error:
            raise WrongEnvironment(f"{name}_FILE={path}: {error.strerror}") from None
    return os.environ.get(name, default)


def flag(name: str, default: bool = False) -> bool:
    value = text(name).lower()
    if value in {"", "1", "true", "yes", "on", "0", "false", "no", "off"}:
        return default if not value else value in {"1", "true", "yes", "on"}
    raise WrongEnvironment(f"{name}={value!r}: allowed are true and false")


def listing(name: str, default: str = "") -> list[str]:
    return [part.strip() for part in text(name, default).split(",") if part.strip()]


def origins(name: str) -> list[str]:
    """The origins that NAME lists, each as browsers write it: https://HOST[:PORT]."""
    found = listing(name)
    for origin in found:
        if not _ORIGIN.fullmatch(origin):
            raise WrongEnvironment(
                f"{name}: {origin!r} is no origin; allowed is http(s)://HOST or "
                "http(s)://HOST:PORT in lower case, with nothing behind it"
            )
    return found


def embedded(server: str) -> str:
    """URL of this checkout's embedded "postgres" or "redis"; "" before the first up."""
    try:
        return record.read(LOCAL_DIR).get(server, "")
    except PermissionError as error:
        raise _foreign(error) from None


def secret(name: str) -> str:
    """NAME from the environment, else from .local/secrets (made by `manage.py up`)."""
    if value := text(name):
        return value
    try:
        return (LOCAL_DIR / "secrets" / name).read_text("utf-8").strip()
    except FileNotFoundError:
        return ""
    except PermissionError as error:
        raise _foreign(error) from None


def _foreign(error: PermissionError) -> WrongEnvironment:
    return WrongEnvironment(
        f"{error.filename} belongs to another user: run as that user, "
        "or set DATABASE_URL, REDIS_URL, SECRET_KEY, DATA_KEY and SEAL_KEY"
    )


def database(url: str, *, name: str) -> dict[str, Any]:
    """Django's settings for a postgres:// URL; query parameters become OPTIONS.

    Faults never show the URL, which may hold a password.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:  # its text would show parts of the URL
        fault = f"{name}: the host or port is none (a port is 0 to 65535)"
        raise WrongEnvironment(fault) from None
    if parts.scheme not in {"postgres", "postgresql"}:
        raise WrongEnvironment(
            f"{name}: allowed is postgres://USER:PASSWORD@HOST:PORT/DATABASE, "
            f"not the scheme {parts.scheme!r}"
        )
    if not parts.path.strip("/"):
        raise WrongEnvironment(f"{name}: names no database (postgres://…/DATABASE)")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(port or ""),
        "OPTIONS": dict(parse_qsl(parts.query)),
    }
